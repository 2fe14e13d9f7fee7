"""Reads of fixtures and prices that others build on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from apps.feed.models import Fixture, Kind, Quote, Result, Selection
from apps.feed.names import CALLED_OFF

NO_MARGIN = Decimal("0.97")  # no sharp book prices itself more than 3 % under its own fair odds
# A list may be half a minute old: only a fixture seen waiting for longer than this began late for real.
SEEN_LATE = timedelta(seconds=120)


def promising_fixtures(*, earliest: datetime, latest: datetime, anchor: str, seen_since: datetime) -> QuerySet[Fixture]:
    """Fixtures not begun whose kick-off is in the span or unknown, and for which somebody offers more than the anchor.

    An edge needs an offer above the anchor's fair odds, which lie above its own price (or hardly below it, where its
    prices leave it no margin): the database sorts out the others, of which there are a hundred times as many.
    Markets and selections come with each; four statements for any number of rows.
    """
    usable = Selection.objects.filter(market__kind=Kind.MATCH_ODDS, is_open=True, fresh=True, in_play=False)
    same_side = usable.filter(market__book=anchor, market__fixture=OuterRef("market__fixture"), side=OuterRef("side"))
    offers = (
        usable.exclude(market__book=anchor)
        .annotate(anchor_odds=Subquery(same_side.values("back_odds")[:1]))
        .filter(market__fixture=OuterRef("pk"), back_odds__gt=F("anchor_odds") * NO_MARGIN)
    )
    return (
        Fixture.objects.filter(
            Q(kickoff_at__gte=earliest, kickoff_at__lte=latest) | Q(kickoff_at=None, last_seen_at__gte=seen_since),
            Exists(offers),
            ~Exists(Result.objects.filter(fixture=OuterRef("pk"), status__in=CALLED_OFF)),
            started_at=None,
            merged_into=None,
            tournament=False,
        )
        .order_by("id")
        .prefetch_related("markets__selections")
    )


def last_result(fixture: Fixture) -> Result | None:
    """The latest thing that upstream said of the end of a fixture."""
    return fixture.results.order_by("-observed_at", "-id").first()


def start_of(fixture: Fixture) -> datetime | None:
    """When the fixture began, never later than it really did; None where nobody knows.

    Before the schedule: when it was seen in play. After it: the schedule itself, unless the fixture was seen waiting
    well past it, and then when it last was. "First seen in play" alone proves nothing: the feed may have been away.
    """
    started, scheduled, waiting = fixture.started_at, fixture.kickoff_at, fixture.waiting_at
    if started is None or scheduled is None or started < scheduled:
        return started or scheduled
    return waiting if waiting is not None and scheduled + SEEN_LATE < waiting < started else scheduled


def closing_quotes(*, fixture: Fixture, book: str, start: datetime) -> Iterable[Quote]:
    """A book's last match-odds quote of each side before the start, in one statement, `selection` loaded.

    Of a side that was respelt the latest selection counts, and where one went as the other came, the open one.
    """
    return (
        Quote.objects.filter(
            # Of rows that were one match the quotes stay where they were.
            Q(selection__market__fixture=fixture) | Q(selection__market__fixture__merged_into=fixture),
            selection__market__book=book,
            selection__market__kind=Kind.MATCH_ODDS,
            observed_at__lt=start,
        )
        .select_related("selection")
        .order_by("selection__side", "-observed_at", "-is_open", "-id")
        .distinct("selection__side")
    )
