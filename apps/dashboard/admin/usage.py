"""What organisations use, as the admin shows it: one subquery a column of the list, and sums by key and by day."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, IntegerField, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDay

from apps.access.models import ApiKey, ApiSecret, UsageHour, UsageMonth
from apps.access.queries import working
from apps.accounts.models import Organization
from apps.webhooks.models import Standing, Subscription

DAYS = 30
OUTCOMES = {"accepted": "Accepted", "limited": "Limited (429)", "refused": "Refused (4xx)", "failed": "Failed (5xx)"}


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


def keys_with_usage(organization: Organization, *, now: datetime) -> "QuerySet[ApiKey]":
    """Its keys, the newest first, each with last_used_at and what it asked in the last DAYS days, by outcome."""
    since = _first_day(now)
    hours = UsageHour.objects.filter(key=OuterRef("pk"), hour__gte=since).order_by().values("key")
    sums = {f"asked_{each}": Coalesce(Subquery(hours.annotate(sum=Sum(each)).values("sum")), 0) for each in OUTCOMES}
    last = ApiSecret.objects.filter(key=OuterRef("pk")).order_by().values("key").annotate(last=Max("last_used_at"))
    return organization.api_keys.annotate(last_used_at=Subquery(last.values("last")), **sums)


def webhooks_of(organization: Organization) -> "QuerySet[Subscription]":
    """Those that are not deleted, the oldest first."""
    return Subscription.objects.filter(key__organization=organization, deleted_at=None).select_related(
        "key__organization"
    )


def by_day(organization: Organization, *, now: datetime) -> dict[str, Any] | None:
    """Requests of the last DAYS UTC days by outcome: a stacked chart and its rows. None where nothing was asked."""
    hours = UsageHour.objects.filter(key__organization=organization, hour__gte=_first_day(now)).order_by()
    sums = {f"sum_{each}": Sum(each) for each in OUTCOMES}
    found = hours.annotate(day=TruncDay("hour", tzinfo=UTC)).values("day").annotate(**sums)
    asked = {row["day"]: [row[name] for name in sums] for row in found}
    if not asked:
        return None
    days = [_first_day(now) + timedelta(days=each) for each in range(DAYS)]
    columns = [asked.get(day, [0] * len(OUTCOMES)) for day in days]
    chart = {
        "kind": "stacked",
        "x": [int(day.timestamp()) for day in days],
        "unit": "",
        "digits": 0,
        "series": _series(columns),
    }
    rows = [(day, counts) for day, counts in zip(days, columns, strict=True) if any(counts)]
    return {"chart": chart, "columns": list(OUTCOMES.values()), "rows": rows[::-1]}


def _series(columns: Iterable[list[int]]) -> list[dict[str, Any]]:
    by_outcome = zip(*columns, strict=True)
    return [
        {"label": label, "values": list(counts)} for label, counts in zip(OUTCOMES.values(), by_outcome, strict=True)
    ]


def _count(rows: "QuerySet[Any]", *, by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _month(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def _first_day(now: datetime) -> datetime:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS - 1)
