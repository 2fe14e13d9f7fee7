"""The text of a pick, written from its stored numbers."""
