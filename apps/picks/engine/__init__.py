"""Prices to edges: pure mathematics, no framework and no database."""
