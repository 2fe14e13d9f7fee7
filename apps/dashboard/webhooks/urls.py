"""Addresses of the webhooks' pages, below those of an organisation."""

from django.urls import path

from apps.dashboard.webhooks import changing, deeds, listing, log, making

OF_ONE = "webhooks/<uuid:subscription_id>"
OF_A_DELIVERY = f"{OF_ONE}/deliveries/<uuid:delivery_id>"

urlpatterns = [
    path("webhooks", listing.webhooks, name="webhooks"),
    path("webhooks/new", making.new, name="new_webhook"),
    path(OF_ONE, log.webhook, name="webhook"),
    path(f"{OF_ONE}/settings", changing.settings, name="webhook_settings"),
    path(f"{OF_ONE}/rotate-secret", changing.rotate, name="rotate_webhook_secret"),
    path(f"{OF_ONE}/delete", changing.delete, name="delete_webhook"),
    path(f"{OF_ONE}/pause", deeds.pause, name="pause_webhook"),
    path(f"{OF_ONE}/resume", deeds.resume, name="resume_webhook"),
    path(f"{OF_ONE}/enable", deeds.enable, name="enable_webhook"),
    path(f"{OF_ONE}/test", deeds.test, name="test_webhook"),
    path(OF_A_DELIVERY, log.delivery, name="delivery"),
    path(f"{OF_A_DELIVERY}/redeliver", deeds.redeliver, name="redeliver"),
]
