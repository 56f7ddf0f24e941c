"""What the book derives, as pure functions of arrays: attention, similarity, fused scores and metrics."""
