"""Spelling and single values: what is made comparable, and what hostile JSON turns into."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.feed import values
from apps.feed.names import fold, side_of, sport_slug, teams_in
from apps.feed.porqpine.schema import read_fixture, read_odds, read_result, read_socket_event
from apps.feed.readings import FixtureReading, Unreadable


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Atlético de Madrid", "Atletico Madrid"), ("FC Bayern München", "Bayern Munchen"),
        ("Brøndby IF", "Brondby"), ("O'Connell C.", "OConnell C"), ("Real Madrid C.F.", "real madrid"),
        ("Łódź", "Lodz"), ("Köln 1.", "Koln 1"),
    ],
)  # fmt: skip
def test_spellings_of_one_name_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_a_name_of_common_words_alone_is_kept() -> None:
    assert fold("FC") == "fc"
    assert fold("Manchester United") != fold("Manchester City")


@pytest.mark.parametrize(
    ("label", "slug"),
    [("Football", "soccer"), ("Ice Hockey", "ice-hockey"), ("Jai Alai (new)", "jai-alai-new"), ("???", "other")],
)
def test_sport_labels_become_slugs_and_none_is_refused(label: str, slug: str) -> None:
    assert sport_slug(label) == slug


def test_sides_are_found_by_name_and_the_draw_by_its_three_spellings() -> None:
    assert [side_of(name, home="Arsenal", away="Chelsea") for name in ("ARSENAL FC", "chelsea", "Spurs")] == [
        "home", "away", "other",
    ]  # fmt: skip
    assert {side_of(name, home="A", away="B") for name in ("The Draw", "Draw", "X")} == {"draw"}
    assert side_of("Alike", home="Alike FC", away="Alike SC") == "other"


def test_teams_in_a_name() -> None:
    assert teams_in("Arsenal vs Chelsea") == ("Arsenal", "Chelsea")
    assert teams_in("Bulls @ Heat") == ("Heat", "Bulls")
    assert teams_in("Grand National") == ("", "")


@pytest.mark.parametrize(
    "bad", [1, 1.0, 0, -2, "1.00", float("nan"), float("inf"), None, True, "x", [], {}, "1e999", 1001]
)
def test_what_is_no_price_is_none(bad: Any) -> None:
    assert values.odds(bad) is None


def test_prices_and_ids_may_come_as_texts() -> None:
    assert values.odds(" 2.58 ") == Decimal("2.580")
    assert values.identifier(1610250) == values.identifier("1610250") == "1610250"
    assert values.identifier(35540213.0) == "35540213"
    assert [values.identifier(bad) for bad in (None, True, 1.5, "", "-4", 0, "x" * 33, "a b", "naïve")] == [None] * 9


def test_instants_in_every_documented_form() -> None:
    at = datetime(2026, 5, 8, 23, 54, 18, tzinfo=UTC)
    for form in (
        "2026-05-08T23:54:18Z",
        "2026-05-09T01:54:18+02:00",
        "2026-05-08 23:54:18",
        at.timestamp(),
        1778284458000,
    ):
        assert values.instant(form) == at
    assert [values.instant(bad) for bad in ("soon", -1, 0, None, [], "9999-12-31T00:00", "2026-05-25", 10**15)] == [
        None
    ] * 8


@pytest.mark.parametrize(
    ("selection", "legible"),
    [
        ({"name": "A", "back": [{"odds": 2.1, "size": 5}], "lay": None}, True),  # a thin book
        ({"name": "A", "back": [], "lay": []}, True),
        ({"name": "A", "back": [{"odds": "n/a"}], "lay": []}, False),
        ({"name": None, "back": [], "lay": []}, False),
        ({"name": "A", "back": "2.1", "lay": []}, False),
    ],
)
def test_odds_are_legible_where_nothing_of_them_was_lost(selection: dict[str, Any], legible: bool) -> None:
    market = {"market_id": "1", "market_name": "Match Odds", "selections": [selection]}
    data = {"source": "live", "match_odds": [market], "bookmaker": []}
    assert read_odds(data, FixtureReading("1", "2", "soccer", "A vs B", "A", "B")).legible == legible


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=6),
    max_leaves=20,
)
FIELDS = st.sampled_from([
    "id", "bfi", "name", "sport", "team_a", "team_b", "status", "in_play", "raw", "competition", "markets", "back",
    "selections", "winner", "final_scores", "home", "away", "match_odds", "bookmaker", "market_id", "market_name",
    "lay", "odds", "size", "type", "source", "start_time",
])  # fmt: skip
RECORDS = st.dictionaries(FIELDS, JSON | st.dictionaries(FIELDS, JSON, max_size=5), max_size=12)


@given(RECORDS)
def test_no_record_breaks_a_reader(record: dict[str, Any]) -> None:
    known = FixtureReading("1", "2", "soccer", "A vs B", "A", "B")
    for read in (read_fixture, read_socket_event, read_result, lambda data: read_odds(data, known)):
        with suppress(Unreadable):
            assert "\x00" not in json.dumps(read(record), default=str)
