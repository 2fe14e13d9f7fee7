"""What was asked with keys, summed up for those who own them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet, Sum

from apps.access.models import ApiKey, UsageHour, UsageMinute
from apps.access.queries import usage_known_until

HOUR = timedelta(hours=1)
MINUTES_KEPT = timedelta(hours=26)
OUTCOMES_SHOWN = ["accepted", "limited", "refused", "failed"]


class Totals(NamedTuple):
    """How many requests came to what: answered, 429 for a limit, another 4xx, 5xx."""

    accepted: int = 0
    limited: int = 0
    refused: int = 0
    failed: int = 0

    @property
    def turned_away(self) -> int:
        return self.limited + self.refused + self.failed

    @property
    def asked(self) -> int:
        return self.accepted + self.turned_away


NOTHING = Totals()


def hour_of(at: datetime) -> datetime:
    """The hour's first instant."""
    return at.replace(minute=0, second=0, microsecond=0)


def hours_up_to(now: datetime, count: int) -> list[datetime]:
    """The last `count` hours, oldest first; the hour of `now` is the last."""
    last = hour_of(now)
    return [last - HOUR * back for back in reversed(range(count))]


def hours_of_keys(key_ids: Collection[UUID], *, since: datetime) -> dict[UUID, dict[datetime, Totals]]:
    """What was asked with each key in each hour since then; hours without a request are left out."""
    found: dict[UUID, dict[datetime, Totals]] = {key_id: {} for key_id in key_ids}
    hours = UsageHour.objects.filter(key__in=list(key_ids), hour__gte=since)
    for key_id, hour, *counts in totalled(hours, "key_id", "hour"):
        found[key_id][hour] = Totals(*counts)
    return found


def endpoints_of(key_id: UUID, *, since: datetime) -> list[tuple[str, Totals]]:
    """What was asked of each endpoint with the key since then, the most asked first."""
    hours = UsageHour.objects.filter(key=key_id, hour__gte=since)
    found = [(endpoint, Totals(*counts)) for endpoint, *counts in totalled(hours, "endpoint")]
    return sorted(found, key=lambda each: (-each[1].asked, each[0]))


def totalled(hours: QuerySet[UsageHour], *by: str) -> QuerySet[UsageHour, tuple[Any, ...]]:
    """One row for each of `by`, with the sums behind it."""
    sums = {f"all_{outcome}": Sum(outcome) for outcome in OUTCOMES_SHOWN}
    return hours.order_by().values_list(*by).annotate(**sums)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of a revoked key's requests.

    last_used_at: the last request with any of its secrets, admitted or over a limit, to the second; None: never used.
    counted_since: requests counted in a minute that began after the revocation. known_until: up to when every count
    there was is in PostgreSQL; None: nothing is known yet.
    """

    revoked_at: datetime
    last_used_at: datetime | None
    counted_since: int
    known_until: datetime | None

    @property
    def complete(self) -> bool:
        """Whether the counts reach past the minute of the revocation."""
        return self.known_until is not None and self.known_until > self.revoked_at


def receipt_of(key: ApiKey, *, last_used_at: datetime | None, now: datetime) -> Receipt | None:
    """The proof that a revoked key opens nothing; None for one that is not revoked.

    While the minutes around the revocation are kept it is told by the minute, later on by the hour.
    """
    if key.revoked_at is None:
        return None
    if now - key.revoked_at < MINUTES_KEPT:
        ends = key.revoked_at.replace(second=0, microsecond=0)
        since = UsageMinute.objects.filter(key=key, minute__gt=ends).aggregate(counted=Sum("counted"))
    else:
        since = UsageHour.objects.filter(key=key, hour__gt=key.revoked_at).aggregate(counted=Sum("counted"))
    return Receipt(key.revoked_at, last_used_at, since["counted"] or 0, usage_known_until())
