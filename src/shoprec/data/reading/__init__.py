"""From a file to a table of purchases: open it, find its columns, read its values. Behind read_interactions."""
