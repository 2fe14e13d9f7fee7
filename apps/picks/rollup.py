"""Keep the daily record in step, and prove it equal to the picks themselves."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, date, datetime
from operator import attrgetter

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from apps.picks.models import DailyRecord, Outcome, Pick, Status
from apps.picks.record import ZERO, Counted, Tally, tally

COLUMNS = [field.name for field in fields(Tally)]  # the daily record's, named as a tally's sums
UPSERT = f"""
INSERT INTO picks_dailyrecord AS d (day, sport, {", ".join(COLUMNS)})
VALUES (%s, %s{", %s" * len(COLUMNS)})
ON CONFLICT (day, sport) DO UPDATE SET {", ".join(f"{name} = d.{name} + EXCLUDED.{name}" for name in COLUMNS)}
"""
Sums = dict[tuple[date, str], Tally]


def add_to_record(settled: Iterable[Counted]) -> None:
    """Add settled picks to their days; part of the transaction that settles them."""
    sums: Sums = {}
    for pick in settled:
        key = pick.day, pick.sport
        sums[key] = sums.get(key, Tally()) + tally(pick)
    _add(sums)


def correct_record(*, before: Counted, after: Counted) -> None:
    """Move a day by the difference between two gradings of one pick."""
    _add({(before.day, before.sport): tally(after) + -tally(before)})


def counted(pick: Pick) -> Counted:
    """A settled pick as the record counts it, on the UTC day of its first settlement."""
    if pick.settled_at is None or pick.result is None or pick.profit is None:
        raise ValueError(f"Pick {pick.pk} is not settled.")
    day = pick.settled_at.astimezone(UTC).date()
    return Counted(day, pick.sport, pick.result, pick.profit, pick.edge, pick.clv)


def raw_sums(start: datetime | None = None, until: datetime | None = None, sport: str | None = None) -> Sums:
    """What the picks settled in [start, until) add up to, by day and sport, voids left out."""
    picks = Pick.objects.filter(status=Status.SETTLED).exclude(result=Outcome.VOID)
    if start is not None:
        picks = picks.filter(settled_at__gte=start)
    if until is not None:
        picks = picks.filter(settled_at__lt=until)
    if sport is not None:
        picks = picks.filter(sport=sport)
    rows = picks.values_list(TruncDate("settled_at", tzinfo=UTC), "sport").annotate(
        settled=Count("result"),
        pushes=Count("result", filter=Q(result=Outcome.PUSH)),
        wins=Count("result", filter=Q(result__in=[Outcome.WIN, Outcome.HALF_WIN])),
        profit_sum=Sum("profit"),
        profit_squares=Sum(F("profit") * F("profit")),
        edge_sum=Sum("edge"),
        clv_count=Count("clv"),
        clv_beats=Count("clv", filter=Q(clv__gt=0)),
        clv_sum=Sum("clv", default=ZERO),
        clv_squares=Sum(F("clv") * F("clv"), default=ZERO),
    )
    return {(day, slug): Tally(*sums) for day, slug, *sums in rows.order_by()}


def differences() -> list[str]:
    """Every day and sport where the record is not what the raw picks add up to, in words; empty when all agree."""
    raw = raw_sums()
    kept = kept_sums(DailyRecord.objects.exclude(settled=0))
    return [
        f"{day} {sport}: the record says {kept.get((day, sport))}, the picks say {raw.get((day, sport))}"
        for day, sport in sorted(raw.keys() | kept.keys())
        if raw.get((day, sport)) != kept.get((day, sport))
    ]


@transaction.atomic
def rebuild() -> int:
    """Make the record anew from the raw picks; gives how many days and sports it has. Settling waits meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE picks_dailyrecord IN EXCLUSIVE MODE")
    DailyRecord.objects.all().delete()
    sums = raw_sums()
    _add(sums)
    return len(sums)


def kept_sums(days: QuerySet[DailyRecord]) -> Sums:
    """What the record says of these days and sports."""
    rows = days.values_list("day", "sport", *COLUMNS)
    return {(day, slug): Tally(*sums) for day, slug, *sums in rows}


def _add(sums: Sums) -> None:
    # In one order, so that two transactions that add to several days never wait for each other in a ring.
    rows = [(*key, *attrgetter(*COLUMNS)(added)) for key, added in sorted(sums.items()) if added != Tally()]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(UPSERT, rows)
