"""The api app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "apps.api"
    label = "api"

    def ready(self) -> None:
        from apps.api.stream import health
        from apps.core.health import register_check

        register_check("stream")(health.stream)
