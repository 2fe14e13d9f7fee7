"""What organisations use, as the admin shows it: one subquery a column of the list, and sums by key and by day."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from operator import add
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDay

from apps.access.history import NOTHING, Totals, totalled
from apps.access.models import ApiKey, ApiSecret, UsageHour, UsageMonth
from apps.access.queries import with_uses, working
from apps.accounts.models import Organization
from apps.dashboard.keys.charts import LABELS, stacked
from apps.webhooks.models import Standing, Subscription

DAYS = 7  # each busy key adds 70 rows a day, and fifty keys 35 ms a week
Name = TypeVar("Name")


def with_usage(organizations: "QuerySet[Organization]", *, now: datetime) -> "QuerySet[Organization]":
    """Each with keys_working, month_counted, last_request_at, webhooks and webhooks_exhausted."""
    living = Subscription.objects.filter(key__organization=OuterRef("pk"), deleted_at=None)
    month = UsageMonth.objects.filter(organization=OuterRef("pk"), month=_month(now))
    secrets = ApiSecret.objects.filter(key__organization=OuterRef("pk")).order_by()
    last = secrets.values("key__organization").annotate(last=Max("last_used_at")).values("last")
    return organizations.annotate(
        keys_working=_count(working(now=now).filter(organization=OuterRef("pk")), by="organization"),
        month_counted=Coalesce(Subquery(month.values("counted")[:1]), 0),
        last_request_at=Subquery(last),
        webhooks=_count(living, by="key__organization"),
        webhooks_exhausted=_count(living.filter(status=Standing.EXHAUSTED), by="key__organization"),
    )


def keys_of(organization: Organization, *, now: datetime) -> "QuerySet[ApiKey]":
    """Its keys that worked in the last DAYS days, if only for a part of them, the newest first; with last_used_at."""
    since = _first_day(now)
    not_revoked = Q(revoked_at=None) | Q(revoked_at__gte=since)
    not_expired = Q(expires_at=None) | Q(expires_at__gte=since)
    return with_uses(organization.api_keys.filter(not_revoked, not_expired), now=now)


def asked_with(keys: Iterable[ApiKey], *, now: datetime) -> dict[tuple[UUID, datetime], Totals]:
    """What was asked with these keys in the last DAYS days, by key and UTC day: one statement."""
    # By their ids: by their organisation PostgreSQL may read everybody's hours.
    hours = UsageHour.objects.filter(key__in=[key.pk for key in keys], hour__gte=_first_day(now))
    found = totalled(hours.annotate(day=TruncDay("hour", tzinfo=UTC)), "key_id", "day")
    return {(key_id, day): Totals(*counts) for key_id, day, *counts in found}


def webhooks_of(organization: Organization) -> "QuerySet[Subscription]":
    """Those that are not deleted, the oldest first."""
    return Subscription.objects.filter(key__organization=organization, deleted_at=None).select_related(
        "key__organization"
    )


def by_key(asked: Mapping[tuple[UUID, datetime], Totals]) -> dict[UUID, Totals]:
    """Of all the days together."""
    return _summed((key_id, totals) for (key_id, _day), totals in asked.items())


def by_day(asked: Mapping[tuple[UUID, datetime], Totals], *, now: datetime) -> dict[str, Any] | None:
    """Requests of the last DAYS UTC days by outcome: a stacked chart and its rows. None where nothing was asked."""
    if not asked:
        return None
    found = _summed((day, totals) for (_key_id, day), totals in asked.items())
    days = [_first_day(now) + timedelta(days=each) for each in range(DAYS)]
    counts = {day: found.get(day, NOTHING) for day in days}
    rows = [(day, each) for day, each in reversed(counts.items()) if each.asked]
    return {"chart": stacked(counts, by_day=True), "columns": LABELS, "rows": rows}


def _summed(parts: Iterable[tuple[Name, Totals]]) -> dict[Name, Totals]:
    sums: dict[Name, Totals] = {}
    for name, totals in parts:
        sums[name] = Totals(*map(add, sums.get(name, NOTHING), totals))
    return sums


def _count(rows: "QuerySet[Any]", *, by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _month(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def _first_day(now: datetime) -> datetime:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS - 1)
