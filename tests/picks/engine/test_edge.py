"""Which offer becomes a candidate: thresholds, caps, ages, sizes, and the best of several."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.picks.engine.confidence import confidence
from apps.picks.engine.edge import Edge, Quoted, Rules, best_edge

NOW = datetime(2026, 5, 25, 12, tzinfo=UTC)
SIDES = ("home", "away")


def quoted(side: str, odds: str, **changes: Any) -> Quoted:
    fields: dict[str, Any] = {
        "size": Decimal(1000),
        "since": NOW - timedelta(minutes=1),
        "confirmed_at": NOW - timedelta(seconds=5),
        "book": "bookmaker",
        "selection_id": 1,
    }
    return Quoted(side, Decimal(odds), **{**fields, **changes})


ANCHOR = [quoted("home", "1.95", book="pinnacle"), quoted("away", "1.95", book="pinnacle")]


def best(*offers: Quoted, anchor: list[Quoted] = ANCHOR, rules: Rules | None = None) -> Edge | None:
    return best_edge(anchor, offers, sides=SIDES, now=NOW, rules=rules or Rules())


def test_an_exact_tie_with_the_threshold_is_a_candidate() -> None:
    found = best(quoted("home", "2.04"))  # 2.04 x 0.5 - 1 = 0.02 exactly, 0.019999… in floats
    assert found is not None
    assert found.edge == pytest.approx(0.02)
    assert best(quoted("home", "2.03")) is None


def test_the_best_of_several_offers_wins_and_of_equals_the_first() -> None:
    low, high, again = quoted("home", "2.08"), quoted("away", "2.12"), quoted("home", "2.12", selection_id=9)
    found = best(low, high, again)
    assert found is not None
    assert found.offer is high


def test_an_edge_over_fifteen_percent_is_suspicious_and_fifteen_itself_is_not() -> None:
    over, tie = best(quoted("home", "2.32")), best(quoted("home", "2.30"))
    assert over is not None
    assert over.suspicious
    assert tie is not None
    assert not tie.suspicious


@pytest.mark.parametrize(
    "offer",
    [
        quoted("home", "2.44"),  # over 1.25 x 1.95
        quoted("home", "20.0"),  # ten times the rest
        quoted("home", "2.10", size=Decimal("49.99")),
        quoted("home", "2.10", confirmed_at=NOW - timedelta(seconds=601)),
        quoted("draw", "2.10"),
    ],
    ids=["cap", "absurd", "thin", "old", "no such side"],
)
def test_guards_keep_an_offer_out(offer: Quoted) -> None:
    assert best(offer) is None


def test_an_offer_without_a_size_is_taken_where_none_is_quoted() -> None:
    assert best(quoted("home", "2.10", size=None)) is not None


@pytest.mark.parametrize(("home", "away", "offer"), [("1.10", "8.0", "1.24"), ("9.0", "1.08", "8.1")])
def test_odds_outside_the_range_are_left_alone(home: str, away: str, offer: str) -> None:
    anchor = [quoted("home", home), quoted("away", away)]
    assert best(quoted("home", offer), anchor=anchor) is None


def test_an_anchor_that_is_old_or_one_sided_prices_nothing() -> None:
    old = [ANCHOR[0], quoted("away", "1.95", confirmed_at=NOW - timedelta(hours=3))]
    assert best(quoted("home", "2.10"), anchor=old) is None
    assert best(quoted("home", "2.10"), anchor=ANCHOR[:1]) is None


def test_confidence_counts_what_is_known_of_the_price_and_not_the_size_of_the_edge() -> None:
    bare = best(
        quoted("home", "2.10", size=None, since=NOW), anchor=[quoted(side, "1.95", since=NOW) for side in SIDES]
    )
    full = best(quoted("home", "2.10", lay_odds=Decimal("2.12")))
    wide = best(quoted("home", "2.25", lay_odds=Decimal("2.27")))
    assert bare is not None
    assert full is not None
    assert wide is not None
    assert confidence(bare, anchor="consensus", now=NOW) == 1
    assert confidence(bare, anchor="pinnacle", now=NOW) == 2
    assert confidence(full, anchor="pinnacle", now=NOW) == 5
    assert confidence(wide, anchor="pinnacle", now=NOW) == 5


def test_a_suspicious_edge_has_the_least_confidence() -> None:
    found = best(quoted("home", "2.40", lay_odds=Decimal("2.42")))
    assert found is not None
    assert confidence(found, anchor="pinnacle", now=NOW) == 1
