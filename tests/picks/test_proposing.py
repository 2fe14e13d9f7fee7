"""Prices become picks in review, follow the prices while there, and never become two."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.feed.ingest import ingest_fixtures
from apps.feed.models import Fixture
from apps.feed.readings import FixtureReading
from apps.picks.models import Pick, Status
from apps.picks.proposing import propose
from apps.picks.services import edit_analysis, expire_picks, reject_pick
from tests.picks.scenes import FAIR, KICKOFF, NOW, OFFER, fixture, priced, proposed, quote
from tests.together import at_once

pytestmark = pytest.mark.django_db


def test_an_edge_becomes_one_pick_in_review_with_its_numbers_and_evidence() -> None:
    pick = proposed()
    assert (pick.status, pick.selection, pick.market, pick.line) == (
        "admin_review", "Arsenal -0.5 Asian Handicap", "asian_handicap", Decimal("-0.50"),
    )  # fmt: skip
    assert (pick.odds, pick.anchor, pick.method, pick.book) == (Decimal("2.120"), "pinnacle", "power", "bookmaker")
    # By hand: 1/2, 1/3.6 and 1/4 to the power 1.0269 are 0.4908, 0.2684 and 0.2409.
    assert pick.fair_probability == pytest.approx(0.4908, abs=1e-4)
    assert pick.edge == round(Decimal(float(pick.odds) * pick.fair_probability - 1), 8)
    assert {quote["side"]: quote["odds"] for quote in pick.evidence["anchor"]} == {
        side: f"{Decimal(odds):.3f}" for side, odds in FAIR.items()
    }
    assert pick.evidence["offer"]["odds"] == "2.120"


def test_every_number_of_the_analysis_is_a_stored_one() -> None:
    pick = proposed()
    numbers = re.findall(r"(?<![\w.])[+-]?\d+(?:\.\d+)?", pick.analysis)
    stored = {
        round(pick.fair_odds, 3), pick.odds, Decimal("2.00"), pick.edge_pct, Decimal("-0.5"),
        Decimal(pick.anchor_age_seconds),
    }  # fmt: skip
    assert {Decimal(number) for number in numbers} == {value.normalize() for value in stored}
    for named in ("Arsenal vs Chelsea", "Pinnacle", "wrong if", "power"):
        assert named in pick.analysis
    assert "Sandbox" not in pick.analysis


def test_sandbox_data_is_called_so_in_the_text() -> None:
    assert "Sandbox data" in proposed(origin="sandbox").analysis


def test_the_draw_and_two_way_sports_are_match_odds() -> None:
    draw = proposed(offer={"home": "1.90", "draw": "3.95", "away": "3.80"})
    assert (draw.selection, draw.market, draw.line) == ("Draw", "match_odds", None)
    tennis = proposed(
        sport="tennis", home_team="Nadal", away_team="Federer",
        anchor={"home": "1.95", "away": "1.95"}, offer={"home": "2.06", "away": "1.80"},
    )  # fmt: skip
    assert (tennis.selection, tennis.market) == ("Nadal to win", "match_odds")
    assert tennis.edge == Decimal("0.03000000")


@pytest.mark.parametrize(
    "scene",
    [
        {"kickoff_at": NOW + timedelta(minutes=4)},
        {"kickoff_at": NOW + timedelta(hours=49)},
        {"started_at": NOW},
        {"tournament": True},
        {"anchor": {}},
        {"anchor": {"home": "2.00", "away": "4.00"}},  # no draw
        {"sport": "handball"},  # three-way, where we price two
        {"offer": {"home": "1.98"}},
    ],
)
def test_what_is_no_candidate(scene: dict[str, Any]) -> None:
    priced(**scene)
    assert propose(now=NOW) == 0


def test_prices_not_live_suspended_or_old_make_no_candidate() -> None:
    stale = fixture()
    quote(stale, FAIR, book="pinnacle")
    quote(stale, OFFER, book="bookmaker", fresh=False)
    gone = priced()
    quote(gone, {}, book="bookmaker")
    assert propose(now=NOW) == 0
    priced()
    assert propose(now=NOW + timedelta(seconds=601)) == 0
    assert propose(now=NOW + timedelta(seconds=600)) == 1


def test_a_suspicious_edge_is_a_candidate_that_is_marked() -> None:
    pick = proposed(offer={"home": "2.45"})
    assert (pick.suspicious, pick.confidence) == (True, 1)


def test_an_unknown_kick_off_makes_a_pick_that_waits() -> None:
    assert proposed(kickoff_at=None).kickoff_at is None


def test_evaluating_again_makes_no_second_pick_whatever_became_of_the_first() -> None:
    pick = proposed()
    assert propose(now=NOW) == 0
    reject_pick(pick_id=pick.pk, now=NOW, by=None, reason="no")
    assert propose(now=NOW) == 0
    assert Pick.objects.count() == 1


def test_a_pick_in_review_follows_the_better_price_and_side() -> None:
    pick = proposed()
    quote(pick.fixture, {**OFFER, "away": "4.40"}, book="exchange", now=NOW)
    propose(now=NOW + timedelta(seconds=30))
    pick.refresh_from_db()
    assert (pick.selection, pick.book, pick.odds) == ("Chelsea -0.5 Asian Handicap", "exchange", Decimal("4.400"))
    assert "4.40 is offered on the exchange" in pick.analysis
    assert pick.proposed_at == NOW


def test_a_pick_whose_text_was_edited_keeps_its_numbers() -> None:
    pick = proposed()
    edit_analysis(pick_id=pick.pk, now=NOW, by=None, text="My own words.")
    quote(pick.fixture, {**OFFER, "home": "2.20"}, book="bookmaker", now=NOW)
    propose(now=NOW)
    pick.refresh_from_db()
    assert (pick.odds, pick.analysis) == (Decimal("2.120"), "My own words.")


def test_picks_follow_a_moved_kick_off() -> None:
    pick = proposed()
    Fixture.objects.update(kickoff_at=KICKOFF + timedelta(hours=1))
    propose(now=NOW)
    pick.refresh_from_db()
    assert pick.kickoff_at == KICKOFF + timedelta(hours=1)


def test_two_rows_that_turn_out_to_be_one_match_leave_one_pick() -> None:
    one = proposed(internal_id="1", bfi=None)
    two = proposed(internal_id=None, bfi="2")
    reading = FixtureReading("1", "2", "soccer", "Arsenal v Chelsea", "Arsenal", "Chelsea", "Premier League")
    ingest_fixtures([reading], origin="live", now=NOW)
    propose(now=NOW)
    expire_picks(now=NOW)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, two.status) == (Status.EXPIRED, Status.REVIEW)


def test_a_pick_of_a_merged_row_moves_to_the_row_that_is_left() -> None:
    pick = proposed(internal_id="1", bfi=None)
    left = fixture(internal_id=None, bfi="2")
    reading = FixtureReading("1", "2", "soccer", "Arsenal v Chelsea", "Arsenal", "Chelsea", "Premier League")
    ingest_fixtures([replace(reading, kickoff_at=KICKOFF)], origin="live", now=NOW)
    propose(now=NOW)
    pick.refresh_from_db()
    assert (pick.fixture_id, pick.status) == (left.pk, Status.REVIEW)


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_propose_at_once_make_one_pick() -> None:
    priced()
    at_once(*[lambda: propose(now=NOW)] * 2)
    assert Pick.objects.count() == 1
