"""What recommenders are used for."""
