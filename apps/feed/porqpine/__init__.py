"""Porqpine, the upstream aggregator: what it says (schema) and how it is asked (client)."""
