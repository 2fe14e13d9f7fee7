"""Every row of the settlement vectors, profits, and which endings are left to people."""

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.picks.grading import Ending, Graded, Held, decide, grade_handicap, grade_total, grade_winner, profit
from tests.shared import needs_shared, vectors

ENDED = Ending(
    sport="soccer", status="completed", winner="home", named="Arsenal", tagged=False, home_score=2, away_score=1
)
ODDS = Decimal("1.91")


@needs_shared
def test_every_handicap_of_the_vectors() -> None:
    rows = vectors("ah_settlement.json")["rows"]
    assert len(rows) == 231
    for row in rows:
        result = grade_handicap(Decimal(str(row["line"])), row["selection_goal_margin"])
        assert result == row["result"], row
        assert float(profit(result, ODDS)) == pytest.approx(row["pnl_at_1_91"]), row


@needs_shared
def test_every_total_of_the_vectors() -> None:
    rows = vectors("ah_settlement.json")["totals_rows"]
    assert len(rows) == 240
    for row in rows:
        result = grade_total(row["side"], Decimal(str(row["line"])), row["goals"])
        assert result == row["result"], row
        assert float(profit(result, ODDS)) == pytest.approx(row["pnl_at_1_91"]), row


@needs_shared
def test_every_published_check() -> None:
    for row in vectors("ah_settlement.json")["published_checks"]:
        if "margin" in row:
            assert grade_handicap(Decimal(str(row["line"])), row["margin"]) == row["result"], row["source"]


def test_a_line_between_the_quarters_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.25"):
        grade_handicap(Decimal("0.3"), 1)


@pytest.mark.parametrize(
    ("side", "line", "winner", "result"),
    [
        ("home", None, "home", "win"), ("home", None, "draw", "loss"), ("draw", None, "draw", "win"),
        ("away", "-0.5", "draw", "loss"), ("away", "-0.5", "away", "win"),
        ("home", "0.5", "draw", "win"), ("home", "0.5", "away", "loss"),
    ],
)  # fmt: skip
def test_the_winner_decides_match_odds_and_half_goal_lines(
    side: str, line: str | None, winner: str, result: str
) -> None:
    assert grade_winner(side, Decimal(line) if line else None, winner) == result


@pytest.mark.parametrize(
    ("result", "expected"),
    [("win", "0.91"), ("half_win", "0.455"), ("push", "0"), ("void", "0"), ("half_loss", "-0.5"), ("loss", "-1")],
)
def test_profit_of_each_result(result: str, expected: str) -> None:
    assert profit(result, ODDS) == Decimal(expected)


def decided(ending: Ending, market: str = "asian_handicap", side: str = "home", line: str | None = "-0.5") -> object:
    return decide(market=market, side=side, line=Decimal(line) if line else None, ending=ending)


def test_score_and_winner_that_agree_settle() -> None:
    assert decided(ENDED) == Graded("win", "score")
    assert decided(ENDED, side="away") == Graded("loss", "score")
    assert decided(ENDED, market="match_odds", side="draw", line=None) == Graded("loss", "winner")


def test_the_winner_alone_settles_what_it_decides() -> None:
    no_score = replace(ENDED, home_score=None, away_score=None)
    assert decided(no_score) == Graded("win", "winner")
    assert decided(no_score, side="away", line="0.5") == Graded("loss", "winner")
    assert isinstance(decided(no_score, line="-0.75"), Held)


@pytest.mark.parametrize(
    ("ending", "word"),
    [
        (replace(ENDED, tagged=True), "guesses"),
        (replace(ENDED, winner="away", named="Chelsea"), "contradicts"),
        (replace(ENDED, winner="draw", named="The Draw"), "contradicts"),
        (replace(ENDED, winner="", named=""), "no winner"),
        (replace(ENDED, winner="", named="Spurs"), "neither side"),
        (replace(ENDED, status="retired", sport="tennis"), "retired"),
        (replace(ENDED, status="postponed", hours_late=71.0), "postponed"),
        (replace(ENDED, status="postponed", hours_late=100.0, sport="tennis"), "postponed"),
        (replace(ENDED, status="who knows"), "who knows"),
    ],
)
def test_what_is_not_certain_is_held_with_the_reason(ending: Ending, word: str) -> None:
    held = decided(ending)
    assert isinstance(held, Held)
    assert word in held.reason


@pytest.mark.parametrize("status", ["abandoned", "cancelled", "walkover"])
def test_what_was_not_played_is_void_by_the_rule_of_that_name(status: str) -> None:
    assert decided(replace(ENDED, status=status, winner="", named="")) == Graded("void", status)


def test_a_match_postponed_more_than_three_days_is_void() -> None:
    assert decided(replace(ENDED, status="postponed", hours_late=72.1)) == Graded("void", "postponed")


def test_a_bet_that_the_result_does_not_decide_is_held() -> None:
    assert isinstance(decided(ENDED, market="other", side="other", line=None), Held)
