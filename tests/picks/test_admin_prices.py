"""The prices behind a pick: over time as a picture, now at every book, and as they were when it was proposed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.feed.models import Quote, Selection
from apps.picks.admin.evidence import market_now, quotes
from apps.picks.admin.prices import MOST_POINTS, history_of
from apps.picks.models import Pick
from tests.factories import PickFactory
from tests.picks.scenes import FAIR, KICKOFF, NOW, OFFER, fixture, proposed, quote
from tests.picks.test_admin_pick import browser_of, page_of
from tests.picks.test_admin_queue import text

pytestmark = pytest.mark.django_db
OFFERED, ANCHOR, BARE = "Offer (bookmaker)", "Pinnacle's price", "Pinnacle without margin (fair odds)"


def series(pick: Pick, now=NOW + timedelta(minutes=10)) -> dict[str, list[float | None]]:
    history = history_of(pick, now=now)
    assert history is not None
    return {one["label"]: one["values"] for one in history.chart["series"]}


def test_offer_anchor_and_fair_odds_are_steps_from_the_first_price_until_now():
    pick = proposed()
    quote(pick.fixture, OFFER | {"home": "2.20"}, book="bookmaker", now=NOW + timedelta(minutes=1))
    quote(pick.fixture, FAIR | {"away": "4.40"}, book="pinnacle", now=NOW + timedelta(minutes=2))
    history = history_of(pick, now=NOW + timedelta(minutes=10))
    assert history is not None
    assert history.chart["kind"] == "steps"
    assert history.chart["x"] == [(NOW + timedelta(minutes=each)).timestamp() for each in (0, 1, 2, 10)]
    lines = series(pick)
    assert lines[OFFERED] == [2.12, 2.2, 2.2, 2.2]
    assert lines[ANCHOR] == [2.0, 2.0, 2.0, 2.0]
    assert lines[BARE][0] == pytest.approx(float(pick.fair_odds), abs=1e-4)
    assert lines[BARE][2] < lines[BARE][1]  # what away loses in probability, home gains


def test_where_the_market_is_not_whole_there_are_no_fair_odds():
    pick = proposed()
    quote(pick.fixture, {"home": "2.00"}, book="pinnacle", now=NOW + timedelta(minutes=1))
    assert series(pick)[BARE][1:] == [None, None]
    assert series(pick)[ANCHOR][1:] == [2.0, 2.0]


def test_the_picture_ends_with_the_start():
    pick = proposed()
    quote(pick.fixture, OFFER | {"home": "9.00"}, book="bookmaker", now=KICKOFF + timedelta(minutes=5), in_play=True)
    history = history_of(pick, now=KICKOFF + timedelta(hours=1))
    assert history is not None
    assert history.chart["x"][-1] == KICKOFF.timestamp()
    assert 9.0 not in series(pick, KICKOFF + timedelta(hours=1))[OFFERED]


def test_a_sport_of_two_outcomes_is_drawn_too():
    pick = proposed(sport="tennis", anchor={"home": "2.00", "away": "1.95"}, offer={"home": "2.12", "away": "1.80"})
    assert set(series(pick)) == {OFFERED, ANCHOR, BARE}


def test_each_line_keeps_its_latest_points_and_the_picture_costs_one_statement(django_assert_max_num_queries):
    proposed()
    offer = Selection.objects.get(market__book="bookmaker", side="home")
    Quote.objects.bulk_create(
        Quote(selection=offer, back_odds=Decimal("2.1"), observed_at=NOW + timedelta(seconds=each))
        for each in range(1, MOST_POINTS + 200)
    )
    pick = Pick.objects.select_related("fixture").get()
    with django_assert_max_num_queries(1):
        history = history_of(pick, now=NOW + timedelta(hours=1))
    assert history is not None
    assert sum(value is not None for value in history.chart["series"][0]["values"]) <= MOST_POINTS + 1
    assert len(history.rows) == 40 < history.changes


def test_an_imported_pick_has_no_picture_and_its_page_opens():
    pick = PickFactory(origin="import", book="")
    assert history_of(pick, now=NOW) is None
    assert "Prices over time" not in text(browser_of("ann").get(page_of(pick)))


def test_the_page_holds_the_picture_its_table_and_the_moments_of_the_pick():
    page = browser_of("ann").get(page_of(proposed()))
    html = page.content.decode()
    assert 'data-chart="price-history"' in html
    assert '<script id="price-history" type="application/json">' in html
    for shown in (
        OFFERED,
        ANCHOR,
        BARE,
        "As a table",
        "Proposed 25 May 2026 12:00:00 UTC",
        "kick-off 25 May 2026 15:00",
    ):
        assert shown in text(page)


def test_the_quotes_behind_the_edge_are_all_there_with_margin_method_and_ages():
    pick = proposed()
    table = quotes(pick.evidence)
    assert table is not None
    assert [row[:3] for row in table.rows] == [
        ["taken", "bookmaker", "home"], ["anchor", "pinnacle", "home"], ["anchor", "pinnacle", "draw"],
        ["anchor", "pinnacle", "away"],
    ]  # fmt: skip
    assert {row[-2] for row in table.rows} == {"0 s"}
    assert table.rows[1][-1] == f"{pick.fair_odds:.3f}"
    assert table.note == "The anchor's margin was 2.78 %, removed by the power method."


def test_every_book_shows_its_prices_now_for_a_second_opinion():
    pick = proposed()
    quote(pick.fixture, {"home": "2.04", "draw": "3.55", "away": "4.00"}, book="exchange", size="820")
    table = market_now(pick, now=NOW + timedelta(seconds=30))
    assert table is not None
    assert [row[0] for row in table.rows] == ["bookmaker (taken)", "exchange", "pinnacle (anchor)"]
    assert table.rows[1][1:] == [
        "2.040, 820.00 to take", "3.550, 820.00 to take", "4.000, 820.00 to take", "2.19 %", "30 s ago",
    ]  # fmt: skip


def test_a_market_that_is_gone_is_said():
    pick = proposed()
    quote(pick.fixture, {}, book="pinnacle", now=NOW + timedelta(seconds=5))
    table = market_now(pick, now=timezone.now())
    assert table is not None
    assert table.rows[1][1:5] == ["–", "–", "–", "–"] or table.rows[1][1:5] == ["suspended"] * 3 + ["–"]


def test_a_fixture_without_prices_has_no_table():
    assert market_now(PickFactory(fixture=fixture()), now=NOW) is None
