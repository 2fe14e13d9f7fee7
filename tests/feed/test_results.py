"""Results: taken in once, asked for when due, and slower with every ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.feed.models import Fixture, Result
from apps.feed.porqpine.schema import read_result
from apps.feed.results import claim_result_asks, expect_results, ingest_results
from tests.factories import FixtureFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 18, tzinfo=UTC)


def record(**changes: Any) -> dict[str, Any]:
    return {
        "internal_id": "1", "bfi": "2", "name": "Arsenal vs Chelsea", "winner": "Arsenal",
        "final_scores": {"home": 2, "away": 1}, "completed_at": "2026-05-25T17:54:18.022Z", **changes,
    }  # fmt: skip


def take(**changes: Any) -> int:
    return ingest_results([read_result(record(**changes))], now=NOW)


@pytest.fixture
def fixture() -> Fixture:
    return FixtureFactory(internal_id="1", bfi="2", started_at=NOW, in_play=True, result_due_at=NOW)


def test_a_result_is_stored_once_and_ends_the_asking(fixture: Fixture) -> None:
    assert take() == 1
    assert take() == 0
    result = Result.objects.get()
    assert (result.side, result.home_score, result.away_score, result.tagged) == ("home", 2, 1, False)
    fixture.refresh_from_db()
    assert (fixture.in_play, fixture.result_due_at) == (False, None)


def test_another_word_on_the_same_match_is_a_further_row(fixture: Fixture) -> None:
    take()
    assert take(winner="Chelsea") == 1
    assert list(Result.objects.values_list("side", flat=True)) == ["home", "away"]


@pytest.mark.parametrize(
    ("winner", "side", "tagged"),
    [
        ("The Draw", "draw", False), ("X", "draw", False), ("CHELSEA FC", "away", False),
        ("Arsenal (favourite)", "home", True), ("Spurs", "", False), (None, "", False), (7, "", False),
    ],
)  # fmt: skip
def test_the_winner_is_read_as_a_side(fixture: Fixture, winner: Any, side: str, tagged: bool) -> None:
    take(winner=winner, final_scores=None)
    result = Result.objects.get()
    assert (result.side, result.tagged, result.home_score) == (side, tagged, None)


@pytest.mark.parametrize("scores", [{"home": 2}, {"home": "x", "away": 1}, {"home": -1, "away": 0}, [2, 1], "2-1"])
def test_half_a_score_is_no_score(fixture: Fixture, scores: Any) -> None:
    take(final_scores=scores)
    assert Result.objects.get().home_score is None


def test_an_event_that_we_do_not_know_is_passed_over() -> None:
    assert take() == 0


def test_a_priced_fixture_past_its_usual_end_is_asked_for() -> None:
    late = FixtureFactory(kickoff_at=NOW - timedelta(minutes=116), odds_read_at=NOW)
    FixtureFactory(kickoff_at=NOW - timedelta(minutes=114), odds_read_at=NOW)
    FixtureFactory(kickoff_at=NOW - timedelta(minutes=116), odds_read_at=None)
    assert expect_results(now=NOW) == 1
    assert [row.pk for row in claim_result_asks(now=NOW, most=10)] == [late.pk]


def test_nothing_is_asked_while_it_is_in_play(fixture: Fixture) -> None:
    assert not claim_result_asks(now=NOW, most=10)


def test_asks_are_every_30_seconds_at_first_then_slower_and_end_after_four_days(fixture: Fixture) -> None:
    Fixture.objects.update(in_play=False)
    gaps, at = [], NOW
    for _ in range(18):
        assert claim_result_asks(now=at, most=10)
        assert not claim_result_asks(now=at, most=10)  # claimed: nobody else asks now
        fixture.refresh_from_db()
        assert fixture.result_due_at is not None
        gaps.append((fixture.result_due_at - at).total_seconds())
        at = fixture.result_due_at
    assert gaps == [30.0] * 10 + [60, 120, 240, 480, 960, 1920, 3600, 3600]
    Fixture.objects.update(result_due_at=NOW)
    claim_result_asks(now=NOW + timedelta(days=5), most=10)
    fixture.refresh_from_db()
    assert fixture.result_due_at is None
