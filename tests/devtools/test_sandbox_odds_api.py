"""The Pinnacle lines come in The Odds API v4's shape, under names that mostly join."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.devtools.sandbox.invented import InventedWorld
from tests.devtools.sandbox import NOON, HandClock, Upstream, upstream_of

PREMIER = "/v4/sports/soccer_sandbox_premier_league/odds"
EVERYTHING = {
    "apiKey": "sandbox",
    "regions": "eu",
    "bookmakers": "pinnacle",
    "markets": "h2h,spreads,totals",
    "oddsFormat": "decimal",
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with upstream_of(InventedWorld(seed=5, catalogue=300, clock=HandClock())) as running:
        yield running


def rows(upstream: Upstream, **changes: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = upstream.get(PREMIER, **{**EVERYTHING, **changes})
    return found


def pinnacle(row: dict[str, Any]) -> dict[str, Any]:
    return {market["key"]: market for market in row["bookmakers"][0]["markets"]}


def test_the_lists_are_named_by_key_and_group(upstream: Upstream) -> None:
    lists = upstream.get("/v4/sports", apiKey="sandbox")

    assert {sport["group"] for sport in lists} == {
        "Soccer",
        "Tennis",
        "Basketball",
        "Ice Hockey",
        "Cricket",
        "Handball",
    }
    assert set(lists[0]) == {"key", "group", "title", "description", "active", "has_outrights"}


def test_a_row_holds_pinnacle_alone_with_the_markets_asked_for(upstream: Upstream) -> None:
    row = next(row for row in rows(upstream) if row["bookmakers"])
    h2h_only = next(row for row in rows(upstream, markets="h2h") if row["bookmakers"])

    assert len(row["id"]) == 32
    assert row["commence_time"].endswith("Z")
    assert row["bookmakers"][0]["key"] == "pinnacle"
    assert set(pinnacle(row)) == {"h2h", "spreads", "totals"}
    assert set(pinnacle(h2h_only)) == {"h2h"}
    assert {outcome["name"] for outcome in pinnacle(row)["h2h"]["outcomes"]} == {
        row["home_team"],
        row["away_team"],
        "Draw",
    }
    assert {outcome["point"] for outcome in pinnacle(row)["spreads"]["outcomes"]} == {-0.5, 0.5}
    assert {outcome["name"] for outcome in pinnacle(row)["totals"]["outcomes"]} == {"Over", "Under"}


def test_the_margin_is_about_two_and_a_half_percent(upstream: Upstream) -> None:
    for row in rows(upstream):
        if row["bookmakers"]:
            margin = sum(1 / outcome["price"] for outcome in pinnacle(row)["h2h"]["outcomes"]) - 1
            assert 0.018 < margin < 0.032


def test_a_line_is_withdrawn_in_play_while_its_row_stays(upstream: Upstream) -> None:
    all_rows = rows(upstream)
    now = NOON.isoformat().replace("+00:00", "Z")
    begun = [row for row in all_rows if row["commence_time"] <= now]

    assert begun
    assert all(row["bookmakers"] == [] for row in begun)
    assert all(row["bookmakers"] for row in all_rows if row["commence_time"] > now)


def test_another_bookmaker_has_no_prices_here(upstream: Upstream) -> None:
    assert all(row["bookmakers"] == [] for row in rows(upstream, bookmakers="unibet"))


def test_names_differ_in_the_ways_that_joining_must_survive() -> None:
    world = InventedWorld(seed=5, catalogue=1500, clock=HandClock())
    fixtures = [fixture for fixture in world.listed(NOON) if fixture.anchor]
    anchors = [(f.home, f.away, f.anchor.home, f.anchor.away) for f in fixtures if f.anchor]
    same = [pair for pair in anchors if pair[:2] == pair[2:]]
    swapped = [pair for pair in anchors if pair[:2] == (pair[3], pair[2])]
    unlike = [pair for pair in anchors if "Select" in f"{pair[2]} {pair[3]}"]
    upper = [pair for pair in anchors if pair[2].isupper() and not (pair[0] or "").isupper()]

    assert len(same) > len(anchors) / 3
    assert len(swapped) > len(anchors) / 50
    assert len(upper) > len(anchors) / 50
    assert 0 < len(unlike) < len(anchors) / 8


def test_kickoffs_are_the_fixtures_own() -> None:
    clock = HandClock()
    world = InventedWorld(seed=5, clock=clock)
    with upstream_of(world) as upstream:
        found = {row["id"]: row["commence_time"] for row in upstream.get(PREMIER, **EVERYTHING)}
    starts = {f.anchor.id: f.starts_at for f in world.listed(NOON) if f.anchor}

    assert found
    assert all(starts[number].isoformat().replace("+00:00", "Z") == at for number, at in found.items())
    assert all(starts[number] < NOON + timedelta(minutes=4) for number in found)


def test_without_a_key_the_answer_is_401_and_an_unknown_list_is_404(upstream: Upstream) -> None:
    without = upstream.ask("GET", "/v4/sports")
    unknown = upstream.ask("GET", "/v4/sports/curling/odds", params=EVERYTHING)

    assert (without.status_code, unknown.status_code) == (401, 404)
    assert without.json()["message"]
    assert unknown.json()["message"]
