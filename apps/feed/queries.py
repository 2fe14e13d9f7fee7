"""Reads of fixtures and prices that others build on."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet

from apps.feed.models import Fixture, Kind, Quote, Result, Selection

# "First seen in play" lags the start by a poll: within this the scheduled time is the truer one.
SEEN_LATE = timedelta(seconds=120)


def priced_fixtures(*, earliest: datetime, latest: datetime, anchor: str, seen_since: datetime) -> QuerySet[Fixture]:
    """Fixtures not begun whose kick-off is in the span or unknown, and that the anchor prices; with `prices` on each.

    `prices`: the match-odds selections of every book, their markets loaded. Three statements for any number of rows.
    """
    prices = Prefetch(
        "markets__selections", queryset=Selection.objects.select_related("market").order_by("market_id", "id")
    )
    return (
        Fixture.objects.filter(
            Q(kickoff_at__gte=earliest, kickoff_at__lte=latest) | Q(kickoff_at=None, last_seen_at__gte=seen_since),
            started_at=None,
            merged_into=None,
            tournament=False,
            markets__book=anchor,
            markets__kind=Kind.MATCH_ODDS,
        )
        .distinct()
        .order_by("id")
        .prefetch_related("markets", prices)
    )


def match_odds_of(fixture: Fixture) -> list[Selection]:
    """Every match-odds selection of a fixture, at every book, markets loaded."""
    return [
        selection
        for market in fixture.markets.all()
        if market.kind == Kind.MATCH_ODDS
        for selection in market.selections.all()
    ]


def last_result(fixture: Fixture) -> Result | None:
    """The latest thing that upstream said of the end of a fixture."""
    return fixture.results.order_by("-observed_at", "-id").first()


def start_of(fixture: Fixture) -> datetime | None:
    """When the fixture began: seen in play, unless that is only the poll's lag after the scheduled time."""
    started, scheduled = fixture.started_at, fixture.kickoff_at
    if started is not None and scheduled is not None and scheduled <= started <= scheduled + SEEN_LATE:
        return scheduled
    return started or scheduled


def closing_quotes(*, fixture: Fixture, book: str, start: datetime) -> Iterable[Quote]:
    """The last match-odds quote of each selection at a book before the start, in one statement."""
    return (
        Quote.objects.filter(
            selection__market__fixture=fixture,
            selection__market__book=book,
            selection__market__kind=Kind.MATCH_ODDS,
            observed_at__lt=start,
        )
        .select_related("selection")
        .order_by("selection_id", "-observed_at", "-id")
        .distinct("selection_id")
    )
