"""Shopping data as plain tables: a public loyalty-card panel, and the reader's own."""
