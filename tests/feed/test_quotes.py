"""Prices: a change is a quote, a repetition a confirmation, an absence a withdrawal; closing prices from them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.feed.models import Fixture, Quote, Selection
from apps.feed.queries import closing_quotes, start_of
from apps.feed.quotes import Observed, confirm_quotes, record_quotes
from apps.feed.readings import MarketReading, SelectionReading
from tests.factories import FixtureFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 12, tzinfo=UTC)
TICK = timedelta(seconds=10)


def prices(fixture: Fixture, home: str | None, away: str | None, *, book: str = "pinnacle", **how: bool) -> Observed:
    selections = tuple(
        SelectionReading(side.title(), side, Decimal(odds) if odds else None)
        for side, odds in (("home", home), ("away", away))
    )
    market = MarketReading(book, "h2h", "Head to head", "match_odds", selections)
    return Observed(fixture.pk, book, (market,), **how)


def test_an_unchanged_price_adds_no_quote_and_moves_the_confirmation() -> None:
    fixture = FixtureFactory()
    assert record_quotes([prices(fixture, "1.95", "1.95")], now=NOW) == 2
    assert record_quotes([prices(fixture, "1.95", "1.95")], now=NOW + TICK) == 0
    assert Quote.objects.count() == 2
    home = Selection.objects.get(side="home")
    assert (home.observed_at, home.last_confirmed_at) == (NOW, NOW + TICK)


def test_a_change_closes_the_former_quote_at_its_last_confirmation() -> None:
    fixture = FixtureFactory()
    for turn, odds in enumerate(["1.95", "1.95", "1.90"]):
        record_quotes([prices(fixture, odds, "1.95")], now=NOW + turn * TICK)
    former, latest = Quote.objects.filter(selection__side="home")
    assert (former.back_odds, former.observed_at, former.confirmed_until) == (Decimal("1.950"), NOW, NOW + TICK)
    assert (latest.back_odds, latest.observed_at, latest.confirmed_until) == (Decimal("1.900"), NOW + 2 * TICK, None)


def test_a_line_that_is_gone_is_closed_and_opens_again() -> None:
    fixture = FixtureFactory()
    record_quotes([prices(fixture, "1.95", "1.95")], now=NOW)
    record_quotes([Observed(fixture.pk, "pinnacle", ())], now=NOW + TICK)
    assert set(Selection.objects.values_list("is_open", "back_odds")) == {(False, None)}
    record_quotes([prices(fixture, "1.95", "1.95")], now=NOW + 2 * TICK)
    assert set(Selection.objects.values_list("is_open", "back_odds")) == {(True, Decimal("1.950"))}
    assert Quote.objects.count() == 6


def test_an_answer_that_is_not_whole_withdraws_nothing() -> None:
    fixture = FixtureFactory()
    record_quotes([prices(fixture, "1.95", "1.95")], now=NOW)
    record_quotes([Observed(fixture.pk, "pinnacle", (), whole=False)], now=NOW + TICK)
    assert Selection.objects.filter(is_open=True).count() == 2


def test_prices_that_the_feed_does_not_call_live_are_not_fresh_and_confirm_nothing() -> None:
    fixture = FixtureFactory()
    record_quotes([prices(fixture, "1.95", "1.95", fresh=False)], now=NOW)
    confirm_quotes(fixture_ids=[fixture.pk], books=["pinnacle"], now=NOW + TICK)
    assert set(Selection.objects.values_list("fresh", "last_confirmed_at")) == {(False, NOW)}


def test_ten_thousand_selections_take_as_many_statements_as_two() -> None:
    fixtures = [FixtureFactory() for _ in range(3)]
    many = Fixture.objects.bulk_create(
        Fixture(internal_id=f"m{n}", sport="soccer", name=f"m{n}", first_seen_at=NOW, last_seen_at=NOW)
        for n in range(1_000)
    )

    def statements(observed: list[Observed], now: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            record_quotes(observed, now=now)
        return len(queries)

    few = statements([prices(fixtures[0], "1.95", "1.95")], NOW)
    assert statements([prices(fixture, "1.95", "1.95") for fixture in many], NOW) <= few + 2
    few = statements([prices(fixtures[0], "1.90", "1.95")], NOW + TICK)
    assert statements([prices(fixture, "1.90", "1.95") for fixture in many], NOW + TICK) <= few + 2


def close(fixture: Fixture) -> dict[str, Decimal | None]:
    start = start_of(fixture)
    assert start is not None
    quotes = closing_quotes(fixture=fixture, book="pinnacle", start=start)
    return {quote.selection.side: quote.back_odds if quote.is_open else None for quote in quotes}


def test_the_close_is_the_last_price_before_the_start() -> None:
    fixture = FixtureFactory(kickoff_at=NOW + 3 * TICK)
    for turn, odds in enumerate(["1.95", "1.90", "1.85", "1.50"]):  # the last at the very start
        record_quotes([prices(fixture, odds, "1.95")], now=NOW + turn * TICK)
    assert close(fixture) == {"home": Decimal("1.850"), "away": Decimal("1.950")}


def test_a_line_taken_down_for_the_start_is_no_withdrawal_but_one_before_it_is() -> None:
    fixture = FixtureFactory(kickoff_at=NOW + 2 * TICK, started_at=NOW + 3 * TICK)  # seen in play a poll late
    record_quotes([prices(fixture, "1.95", "1.95")], now=NOW)
    record_quotes([Observed(fixture.pk, "pinnacle", ())], now=NOW + 2 * TICK)
    assert close(fixture) == {"home": Decimal("1.950"), "away": Decimal("1.950")}
    early = FixtureFactory(kickoff_at=NOW + 2 * TICK)
    record_quotes([prices(early, "1.95", "1.95")], now=NOW)
    record_quotes([Observed(early.pk, "pinnacle", ())], now=NOW + TICK)
    assert close(early) == {"home": None, "away": None}


def test_a_start_that_is_late_for_real_moves_the_close() -> None:
    waiting = NOW + timedelta(minutes=19)
    fixture = FixtureFactory(kickoff_at=NOW, started_at=NOW + timedelta(minutes=20), waiting_at=waiting)
    assert start_of(fixture) == waiting
    fixture.waiting_at = NOW - timedelta(minutes=1)  # the feed was away: when it really began nobody saw
    assert start_of(fixture) == NOW
    fixture.started_at = NOW - timedelta(minutes=1)
    assert start_of(fixture) == fixture.started_at
    fixture.started_at = None
    assert start_of(fixture) == NOW
