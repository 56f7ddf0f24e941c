"""Recorded runs: what takes longer than a chapter may, and what the book concludes from."""
