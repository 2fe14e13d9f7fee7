"""Odds are made on Betfair's steps, and with a margin that the power method takes off again."""

import pytest
from scipy.optimize import brentq

from apps.devtools.sandbox.prices import floor_cents, in_play_probabilities, tick_down, tick_up, with_margin


@pytest.mark.parametrize(
    ("odds", "below", "above"),
    [(1.875, 1.87, 1.88), (2.03, 2.02, 2.04), (2.5, 2.5, 2.5), (3.97, 3.95, 4), (5.55, 5.5, 5.6), (11.3, 11, 11.5),
     (104, 100, 110), (0.5, 1.01, 1.01), (5000, 1000, 1000)],
)  # fmt: skip
def test_exchange_prices_stand_on_betfairs_steps(odds: float, below: float, above: float) -> None:
    assert (tick_down(odds), tick_up(odds)) == (below, above)


def test_a_bookmakers_price_is_cut_to_cents() -> None:
    assert (floor_cents(2.999), floor_cents(1.0001)) == (2.99, 1.01)


@pytest.mark.parametrize("fair", [(0.5, 0.5), (0.2, 0.8), (0.45, 0.3, 0.25), (0.1, 0.7, 0.2)])
def test_the_margin_is_the_one_asked_for_and_comes_off_by_the_power_method(fair: tuple[float, ...]) -> None:
    implied = [1 / odds for odds in with_margin(fair, 0.025)]
    exponent = brentq(lambda k: sum(q**k for q in implied) - 1, 0.5, 3)

    assert sum(implied) == pytest.approx(1.025, abs=0.005)
    assert [q**exponent for q in implied] == pytest.approx(fair, abs=0.005)


def test_in_play_prices_go_to_the_winner_and_nowhere_without_one() -> None:
    assert in_play_probabilities((0.5, 0.5), 0, 1.0, 0.9) == pytest.approx([0.95, 0.05])
    assert in_play_probabilities((0.4, 0.6), 0, 0.0, 0.9) == pytest.approx([0.4, 0.6])
    assert in_play_probabilities((0.4, 0.6), None, 1.0, 0.9) == [0.4, 0.6]
