"""A stand-in for Porqpine and The Odds API: a process of its own that knows nothing of the rest of the service."""
