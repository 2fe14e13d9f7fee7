"""Reads of API keys. A key works while it is neither revoked nor expired."""

from datetime import datetime

from django.db.models import Q, QuerySet

from apps.access.keys import PREFIX, hash_secret
from apps.access.models import ApiKey


def working(*, now: datetime) -> QuerySet[ApiKey]:
    """Every key that opens the API at `now`."""
    return ApiKey.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True)


def working_key(*, secret: str, now: datetime) -> ApiKey | None:
    """The key of this secret with its organisation, read afresh: a revocation holds from its commit on."""
    return working(now=now).select_related("organization").filter(secret_hash=hash_secret(secret)).first()


def keys_beginning(digits: str) -> QuerySet[ApiKey]:
    """Keys by 8 to 64 hex digits. Only the first 8 are kept: those after them count only if all 64 are there."""
    if len(digits) == 64:
        return ApiKey.objects.filter(secret_hash=hash_secret(PREFIX + digits))
    return ApiKey.objects.filter(prefix=digits[:8])
