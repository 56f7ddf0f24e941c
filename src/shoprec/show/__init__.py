"""What a reader sees: figures, tables and widgets, in both languages."""
