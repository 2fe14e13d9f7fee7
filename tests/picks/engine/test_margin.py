"""Power margin removal against forty-digit references, and what it refuses."""

from math import inf, nan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.picks.engine.margin import NoFairPrice, fair_probabilities, power
from tests.shared import needs_shared, vectors


@needs_shared
def test_power_equals_the_forty_digit_reference() -> None:
    rows = vectors("devig_vectors.json")["vectors"]
    assert rows
    for row in rows:
        exact = row["methods"]["power"]["exact_mpmath_40dps"]
        assert power(row["odds"]) == pytest.approx(exact, abs=1e-9), row["id"]


@needs_shared
def test_power_equals_the_published_vectors() -> None:
    published = [row for row in vectors("devig_vectors.json")["published_vectors"] if "power" in row]
    assert published
    for row in published:
        # Published to four decimals, in the order of their source: as a set they must agree.
        assert sorted(power(row["odds"])) == pytest.approx(sorted(row["power"]), abs=1e-4)


@given(st.lists(st.floats(1.01, 50), min_size=2, max_size=12))
def test_probabilities_sum_to_one_and_keep_the_order_of_the_odds(odds: list[float]) -> None:
    assume(sum(1 / price for price in odds) < 1.3)  # no book keeps more than that of the stakes
    fair = power(odds)
    assert sum(fair) == pytest.approx(1, abs=1e-9)
    assert all(0 < p < 1 for p in fair)
    assert [p for _, p in sorted(zip(odds, fair, strict=True))] == sorted(fair, reverse=True)


def test_a_book_without_margin_is_left_as_it_is() -> None:
    assert power([2.0, 2.0]) == [0.5, 0.5]


@pytest.mark.parametrize(
    "odds", [[], [1.9], [1.0, 2.0], [0.5, 2.0], [nan, 2.0], [inf, 2.0], [-3.0, 2.0], [854.0, 1.01, 1.01, 1.01]]
)
def test_what_is_no_market_is_refused(odds: list[float]) -> None:
    with pytest.raises(NoFairPrice):
        power(odds)


def test_an_unknown_method_is_refused_by_name() -> None:
    with pytest.raises(NoFairPrice, match="guess"):
        fair_probabilities([1.9, 2.0], "guess")
