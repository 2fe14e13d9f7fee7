"""The feed app."""

from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "apps.feed"
    label = "feed"

    def ready(self) -> None:
        from apps.core.health import register_check
        from apps.feed import health

        register_check("workers")(health.workers)
        register_check("feed")(health.feed)
