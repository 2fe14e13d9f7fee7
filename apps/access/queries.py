"""Reads of API keys and of what was asked with them. A key works while it is neither revoked nor expired."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.access.keys import PREFIX, hash_secret
from apps.access.models import ApiError, ApiKey, ApiSecret, UsageDrain, UsageHour, UsageMinute, UsageMonth
from apps.accounts.models import Organization

ERRORS_SHOWN = 100


def working(*, now: datetime) -> QuerySet[ApiKey]:
    """Every key that opens the API at `now`."""
    return ApiKey.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True)


def ended(*, now: datetime) -> QuerySet[ApiKey]:
    """Every key that opens the API no longer, the last ended first."""
    over = ApiKey.objects.filter(Q(revoked_at__isnull=False) | Q(expires_at__lte=now))
    return over.order_by(Coalesce("revoked_at", "expires_at").desc(), "-pk")


def with_uses(keys: QuerySet[ApiKey], *, now: datetime) -> QuerySet[ApiKey]:
    """Each of the keys with `last_used_at`, some seconds late, and `old_until`: the end of a rotation's grace."""
    return keys.annotate(
        last_used_at=Max("secrets__last_used_at"),
        old_until=Max("secrets__works_until", filter=Q(secrets__works_until__gt=now)),
    )


def working_key(*, secret: str, now: datetime) -> ApiKey | None:
    """The key of this secret with its organisation, read afresh: a revocation holds from its commit on."""
    in_force = Q(secrets__works_until__isnull=True) | Q(secrets__works_until__gt=now)
    keys = working(now=now).select_related("organization")
    return keys.filter(in_force, secrets__secret_hash=hash_secret(secret)).first()


def still_opening(secret_hashes: Collection[str], *, tiers: Collection[str], now: datetime) -> set[str]:
    """Those of the secrets that work at `now`, of organisations on one of the tiers: one query for all of them."""
    in_force = Q(works_until__isnull=True) | Q(works_until__gt=now)
    secrets = ApiSecret.objects.filter(
        in_force, secret_hash__in=secret_hashes, key__in=working(now=now), key__organization__tier__in=tiers
    )
    return set(secrets.values_list("secret_hash", flat=True))


def keys_beginning(digits: str) -> QuerySet[ApiKey]:
    """Keys by 8 to 64 hex digits of any secret they had. Only the first 8 are kept: those after them count only if
    all 64 are there.
    """
    secrets = ApiSecret.objects.filter(prefix=digits[:8])
    if len(digits) == 64:
        secrets = secrets.filter(secret_hash=hash_secret(PREFIX + digits))
    return ApiKey.objects.filter(pk__in=secrets.values("key"))


def recent_usage(key_id: UUID, now: datetime) -> list[tuple[int, int]]:
    """Minutes since 1970 and how many requests of the key were counted in each, of the last hour, oldest first.

    The hour's first minute is whole, though a part of it is over. What was counted since `usage_known_until` may lack.
    """
    since = now.replace(second=0, microsecond=0) - timedelta(hours=1)
    return counted_by_minute(key_id, since=since, until=now)


def counted_by_minute(key_id: UUID, *, since: datetime, until: datetime) -> list[tuple[int, int]]:
    minutes = UsageMinute.objects.filter(key=key_id, minute__gte=since, minute__lte=until, counted__gt=0)
    found = minutes.order_by("minute").values_list("minute").annotate(held=Sum("counted"))
    return [(int(minute.timestamp()) // 60, held) for minute, held in found]


def month_used(organization_id: UUID, now: datetime) -> int:
    """How many requests the organisation's keys were counted in the UTC month of `now`."""
    month = UsageMonth.objects.filter(organization=organization_id, month=now.astimezone(UTC).date().replace(day=1))
    return month.values_list("counted", flat=True).first() or 0


def usage_drain() -> UsageDrain | None:
    """How far the counts of Redis were written down; None before the first drain."""
    return UsageDrain.objects.first()


def usage_known_until() -> datetime | None:
    """Redis's time up to which PostgreSQL surely has every count; None before the first drain."""
    drain = usage_drain()
    return drain.known_until if drain else None


def usage_by_hour(organization: Organization, *, since: datetime, until: datetime) -> QuerySet[UsageHour]:
    """What the organisation's keys asked, by key, hour and endpoint, oldest hour first."""
    hours = UsageHour.objects.filter(key__organization=organization, hour__gte=since, hour__lt=until)
    return hours.select_related("key").order_by("hour", "key", "endpoint")


def errors_of(organization: Organization, *, key_id: UUID) -> list[ApiError]:
    """The last 100 errors of one of the organisation's keys, newest first."""
    return list(ApiError.objects.filter(key__organization=organization, key=key_id)[:ERRORS_SHOWN])


def refusals_of(organization: Organization, *, key_id: UUID, now: datetime) -> QuerySet[ApiError]:
    """What a limit refused of one of the organisation's keys in the last 24 h, newest first, each with its window."""
    refused = ApiError.objects.filter(key__organization=organization, key=key_id, window_limit__isnull=False)
    return refused.filter(at__gt=now - timedelta(hours=24))


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a limit refused, and what the hour's window held then: how many, from when to when, and by minute.

    by_minute: minutes since 1970 and requests, oldest first. Of the first and last minute only a part was in the
    window; the newest are taken first, until they are as many as it held.
    """

    error: ApiError
    by_minute: list[tuple[int, int]]


def errors_named(organization: Organization, *, request_id: str) -> QuerySet[ApiError]:
    """What the organisation's requests of this id were answered, as far as it is kept, newest first."""
    return ApiError.objects.filter(key__organization=organization, request_id=request_id).select_related("key")


def refusal(organization: Organization, *, request_id: str) -> Refusal | None:
    """The latest refusal by a limit of this request id, of the last 24 h; None where the organisation has none."""
    refused = ApiError.objects.filter(key__organization=organization, request_id=request_id)
    error = refused.filter(window_limit__isnull=False).select_related("key").first()
    return Refusal(error, held_by_minute(error)) if error else None


def held_by_minute(error: ApiError) -> list[tuple[int, int]]:
    if error.window_oldest is None or error.window_newest is None:
        return []
    since = error.window_oldest.replace(second=0, microsecond=0)
    left, held = error.window_count or 0, []
    for minute, counted in reversed(counted_by_minute(error.key_id, since=since, until=error.window_newest)):
        held.append((minute, min(counted, left)))
        left -= min(counted, left)
    return [(minute, count) for minute, count in reversed(held) if count]
