"""A receiver of webhooks to test against: a process of its own that knows nothing of the rest of the service."""
