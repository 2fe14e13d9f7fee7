"""The guard and the sender of this installation, made once in a process from its settings."""

from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.webhooks.guard import Guard
from apps.webhooks.sender import Sender
from apps.webhooks.tls import tls_context


@cache
def guard() -> Guard:
    """Which URLs are open; ImproperlyConfigured where the settings cannot be read."""
    try:
        return Guard.reading(
            own=[*settings.ALLOWED_HOSTS, urlsplit(settings.BETEDGE_PUBLIC_URL).hostname or ""],
            deny=settings.WEBHOOK_DENY,
            resolve=settings.WEBHOOK_RESOLVE,
            production=settings.PRODUCTION,
        )
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from error


@cache
def sender() -> Sender:
    """What makes attempts; ImproperlyConfigured where BETEDGE_WEBHOOK_CA_FILE cannot be read."""
    try:
        return Sender(guard(), tls_context(settings.WEBHOOK_CA_FILE))
    except OSError as error:
        raise ImproperlyConfigured(
            f"BETEDGE_WEBHOOK_CA_FILE cannot be read as certificates: {error.strerror or error}."
        ) from error
