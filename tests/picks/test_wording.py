"""Bets in words, there and back."""

from decimal import Decimal

import pytest

from apps.picks.wording import Bet, bet_on, parse_words, words

CASES = [
    (Bet("asian_handicap", "home", Decimal("-0.5")), "Arsenal -0.5 Asian Handicap"),
    (Bet("asian_handicap", "away", Decimal("0.75")), "Chelsea +0.75 Asian Handicap"),
    (Bet("asian_handicap", "home", Decimal("0")), "Arsenal 0 Asian Handicap"),
    (Bet("asian_handicap", "away", Decimal("-10.00")), "Chelsea -10 Asian Handicap"),
    (Bet("match_odds", "draw", None), "Draw"),
    (Bet("totals", "over", Decimal("2.50")), "Over 2.5 Goals"),
    (Bet("match_odds", "away", None), "Chelsea to win"),
]


@pytest.mark.parametrize(("bet", "text"), CASES)
def test_a_bet_reads_as_the_contract_says_and_parses_back(bet: Bet, text: str) -> None:
    assert words(bet, home="Arsenal", away="Chelsea") == text
    assert parse_words(text, home="Arsenal", away="Chelsea") == bet


@pytest.mark.parametrize(
    "text", ["", "Spurs to win", "Arsenal -0.3 Asian Handicap", "Arsenal by a lot", "Over the moon"]
)
def test_other_words_are_kept_as_another_bet(text: str) -> None:
    assert parse_words(text, home="Arsenal", away="Chelsea") == Bet("other", "other", None)


def test_a_side_to_win_in_soccer_is_a_handicap_of_minus_one_half() -> None:
    assert bet_on(sport="soccer", side="away") == Bet("asian_handicap", "away", Decimal("-0.5"))
    assert bet_on(sport="soccer", side="draw") == Bet("match_odds", "draw", None)
    assert bet_on(sport="tennis", side="home") == Bet("match_odds", "home", None)
