"""Fixtures with prices, as the feed would have stored them, for tests of what picks make of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.feed.models import Fixture, Result
from apps.feed.names import side_of
from apps.feed.quotes import Observed, record_quotes
from apps.feed.readings import MarketReading, SelectionReading
from apps.picks.candidates import sides_of
from apps.picks.models import Pick
from apps.picks.proposing import propose
from tests.factories import FixtureFactory

NOW = datetime(2026, 5, 25, 12, tzinfo=UTC)
KICKOFF = NOW + timedelta(hours=3)
FAIR = {"home": "2.00", "draw": "3.60", "away": "4.00"}  # Pinnacle's, margin 2.8 %
OFFER = {"home": "2.12", "draw": "3.50", "away": "3.90"}  # the home side is 3.07 % over its fair value


def fixture(**changes: Any) -> Fixture:
    """A match three hours ahead."""
    made: Fixture = FixtureFactory(**{"kickoff_at": KICKOFF, "first_seen_at": NOW, "last_seen_at": NOW, **changes})
    return made


def quote(
    fixture: Fixture, prices: dict[str, str], *, book: str, now: datetime = NOW, size: str | None = "1000", **how: bool
) -> None:
    """What one book shows on who wins; a side that is left out has no price, and with none the market is gone."""
    selections = tuple(
        SelectionReading(side.title(), side, Decimal(prices[side]), Decimal(size) if size else None)
        if side in prices
        else SelectionReading(side.title(), side)
        for side in {**dict.fromkeys(sides_of(fixture.sport)), **prices}
    )
    market = MarketReading(book, "1x2", "Match Odds", "match_odds", selections)
    record_quotes([Observed(fixture.pk, book, (market,) if prices else (), **how)], now=now)


def priced(
    anchor: dict[str, str] | None = None, offer: dict[str, str] | None = None, *, now: datetime = NOW, **changes: Any
) -> Fixture:
    """A match with Pinnacle's line and a bookmaker's."""
    made = fixture(**changes)
    quote(made, FAIR if anchor is None else anchor, book="pinnacle", now=now)
    quote(made, OFFER if offer is None else offer, book="bookmaker", now=now)
    return made


def proposed(**changes: Any) -> Pick:
    """A pick that the engine has just put into review."""
    made = priced(**changes)
    propose(now=NOW)
    return Pick.objects.get(fixture=made)


def ended(fixture: Fixture, winner: str, score: tuple[int, int] | None = None, **changes: Any) -> Result:
    """A result as the feed would have stored it."""
    side = side_of(winner, home=fixture.home_team, away=fixture.away_team)
    home, away = score or (None, None)
    fields = {
        "observed_at": NOW,
        "winner": winner,
        "side": "" if side == "other" else side,
        "home_score": home,
        "away_score": away,
    }
    made: Result = Result.objects.create(fixture=fixture, **{**fields, **changes})
    return made
