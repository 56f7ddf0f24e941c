"""Experiments: what is tried for each model, tuning at a cut, and runs too long for a chapter, which are recorded."""
