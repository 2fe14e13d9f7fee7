"""The access app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "apps.access"
    label = "access"

    def ready(self) -> None:
        from apps.access import health
        from apps.core.health import register_check

        register_check("usage")(health.usage)
