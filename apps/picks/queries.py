"""Reads of the picks that are out: published or settled. Whoever asks here never sees another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, QuerySet, Sum, Value
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan  # type: ignore[import-untyped]
from django.db.models.functions import Upper

from apps.feed.models import Origin
from apps.picks.models import OUT, Outcome, Pick, PickCount, Status

# What announcement() reads: a page need not fetch the evidence and analysis of fifty picks.
ANNOUNCED = [
    *("id", "sport", "league", "kickoff_at", "selection", "odds", "edge", "confidence", "status"),
    *("settled_at", "result", "anchor", "fixture__home_team", "fixture__away_team", "fixture__origin"),
]


class Position(NamedTuple):
    """A place in the walk from the newest kick-off to the oldest, ties by id descending.

    What follows it: the picks that come after this pick, or, without one, those that kick off before this instant.
    """

    kickoff_at: datetime
    pick_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Page:
    picks: list[Pick]
    next: Position | None  # None: this is the last page
    count: int  # of all that match the filters, on whichever page


def page_of_picks(
    *,
    sport: str | None,
    league: str | None,
    since: datetime | None,
    after: Position | None,
    limit: int,
    columns: Sequence[str] = ANNOUNCED,
) -> Page:
    """At most `limit` picks behind `after`, newest kick-off first, each with its fixture.

    Sport and league match whole, in any case; `since` is exclusive. A page costs the same wherever it lies: every
    form of this query reads one of Pick's page indexes in order, from the place where the page begins.
    """
    matching = matching_picks(sport=sport, league=league, since=since)
    rest = matching.select_related("fixture").only(*columns).order_by("-kickoff_at", "-id")
    if after is not None:
        rest = behind(rest, after)
    found = list(rest[: limit + 1])
    picks = found[:limit]
    following = next_position(picks[-1], found[limit]) if len(found) > limit else None
    return Page(picks, following, count_of(sport=sport, league=league, since=since))


def matching_picks(*, sport: str | None, league: str | None, since: datetime | None) -> QuerySet[Pick]:
    """Everything out that passes the filters."""
    picks = Pick.objects.filter(status__in=OUT)
    if sport is not None:
        picks = picks.filter(sport=sport.lower())  # stored as lower-case slugs
    if league is not None:
        picks = picks.filter(league__iexact=league)
    if since is not None:
        picks = picks.filter(kickoff_at__gt=since)
    return picks


def behind(picks: QuerySet[Pick], place: Position) -> QuerySet[Pick]:
    """Those that follow a place. A row comparison: PostgreSQL starts there, where OR would filter its way there."""
    if place.pick_id is None:
        return picks.filter(kickoff_at__lt=place.kickoff_at)
    return picks.filter(TupleLessThan(Tuple(F("kickoff_at"), F("id")), (place.kickoff_at, place.pick_id)))


def next_position(last: Pick, following: Pick) -> Position:
    """Where the next page begins: the kick-off alone, unless more picks share it."""
    if last.kickoff_at is None:
        raise ValueError(f"Pick {last.pk} is out without a kick-off.")
    return Position(last.kickoff_at, last.pk if following.kickoff_at == last.kickoff_at else None)


def count_of(*, sport: str | None, league: str | None, since: datetime | None) -> int:
    """How many picks match the filters, from sums per day; of the day of `since` the picks themselves are counted."""
    counts = PickCount.objects.filter(sport=None if sport is None else sport.lower())
    counts = counts.filter(league=None if league is None else Upper(Value(league)))
    if since is None:
        return total_of(counts)
    day = since.astimezone(UTC).date()
    behind_it = matching_picks(sport=sport, league=league, since=since)
    rest_of_day = behind_it.filter(kickoff_at__lte=datetime.combine(day, time.max, UTC))
    return total_of(counts.filter(day__gt=day)) + rest_of_day.count()


def total_of(counts: QuerySet[PickCount]) -> int:
    return int(counts.aggregate(total=Sum("picks", default=0))["total"])


def published_pick(pick_id: UUID) -> Pick | None:
    """One pick with its fixture; None if there is none, or it is not out."""
    return Pick.objects.filter(status__in=OUT, pk=pick_id).select_related("fixture").first()


def analysis_of(pick_id: UUID) -> Pick | None:
    """The pick whose analysis may be read; None if there is none, it is not out, or has no analysis."""
    return Pick.objects.filter(status__in=OUT, pk=pick_id).exclude(analysis="").first()


def newest_settled() -> Pick | None:
    """The pick that was settled last, with its fixture."""
    return Pick.objects.filter(status=Status.SETTLED).select_related("fixture").order_by("-settled_at").first()


def sports_out() -> list[str]:
    """The slugs of the sports that have picks, by name."""
    counts = PickCount.objects.filter(sport__isnull=False, league=None).values_list("sport")
    return [str(sport) for (sport, _picks) in counts.annotate(total=Sum("picks")).filter(total__gt=0).order_by("sport")]


def counts_sandbox(*, sport: str | None, days_back: int, now: datetime) -> bool:
    """Whether a pick of an invented match is among those that track_record() counts. Arguments as there."""
    settled = Pick.objects.filter(status=Status.SETTLED, settled_at__gte=now - timedelta(days=days_back))
    if sport is not None:
        settled = settled.filter(sport=sport.lower())
    return settled.exclude(result=Outcome.VOID).filter(fixture__origin=Origin.SANDBOX).exists()
