"""The webhooks app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from apps.core.health import register_check
        from apps.webhooks import health
        from apps.webhooks.installed import guard

        register_check("deliveries")(health.deliveries)
        guard()  # settings that cannot be read stop the start, with a sentence
