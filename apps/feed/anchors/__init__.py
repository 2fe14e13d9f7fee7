"""Where reference prices come from, and how their rows are joined to fixtures."""
