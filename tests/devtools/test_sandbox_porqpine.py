"""Porqpine's answers have the shapes its reference prints, under both ids, with its errors."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.devtools.sandbox.invented import InventedWorld
from tests.devtools.sandbox import NOON, HandClock, Upstream, upstream_of

# The ten labels of the reference, for its case-insensitive filter.
SPORTS = {
    "Football", "Tennis", "Cricket", "Basketball", "Ice Hockey", "Table Tennis", "Handball", "Volleyball",
    "Horse Racing", "Greyhound",
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> InventedWorld:
    return InventedWorld(seed=3, catalogue=60, clock=HandClock())


@pytest.fixture(scope="module")
def upstream(world: InventedWorld) -> Iterator[Upstream]:
    with upstream_of(world) as running:
        yield running


def types(record: dict[str, Any]) -> dict[str, type]:
    return {key: type(value) for key, value in record.items()}


def priced(upstream: Upstream, sport: str = "Football", *, in_play: bool = False) -> dict[str, Any]:
    """An event of the list with a live exchange market."""
    records = upstream.feed("/socket-events", sport=sport)["data"]
    return next(record for record in records if record["in_play"] is in_play)


def test_every_answer_says_that_it_is_the_sandbox(upstream: Upstream) -> None:
    for path in ("/api/v1/feed/events", "/api/v1/feed/event/1", "/v4/sports", "/nowhere"):
        assert upstream.ask("GET", path).headers["X-Porqpine-Sandbox"] == "invented"


def test_sports_are_counted_with_some_of_their_events(upstream: Upstream) -> None:
    answer = upstream.feed("/sports")
    catalogue = upstream.feed("/events")["data"]

    assert answer["success"] is True
    assert {sport["name"] for sport in answer["data"]} <= SPORTS
    assert sum(sport["count"] for sport in answer["data"]) == len(catalogue)
    assert types(answer["data"][0]["events"][0]) == {"id": int, "name": str}


def test_the_catalogue_lists_events_as_the_reference_prints_them(upstream: Upstream) -> None:
    answer = upstream.feed("/events", sport="fOOTBALL")
    event = next(event for event in answer["data"] if event["in_play"])

    assert answer["success"] is True
    assert answer["count"] == len(answer["data"])
    assert {event["sport"] for event in answer["data"]} == {"Football"}
    assert {
        "id": int, "name": str, "team_a": str, "team_b": str, "sport": str, "status": str,
        "in_play": bool, "betfair_event_id": int, "competition": dict,
    }.items() <= types(event).items()  # fmt: skip
    assert event["status"] == "LIVE"
    assert event["name"] == f"{event['team_a']} vs {event['team_b']}"
    assert event["raw"]["betfair_event_id"] == event["betfair_event_id"]
    assert types(event["competition"]).items() >= {"id": int, "slug": str}.items()


def test_kickoffs_stand_in_the_record_or_under_raw_or_nowhere(upstream: Upstream) -> None:
    events = [event for event in upstream.feed("/events")["data"] if "currently_live" not in event]
    shown = [event for event in events if "start_time" in event]
    under_raw = [event for event in events if "openDate" in event["raw"]]

    assert len(shown) > 3 * len(under_raw) > 0
    assert 0 < len(events) - len(shown) - len(under_raw) < len(under_raw) * 3
    assert all(event["start_time"].endswith("Z") for event in shown)


def test_leagues_are_plainly_invented(upstream: Upstream) -> None:
    competitions = [event["competition"] for event in upstream.feed("/events")["data"]]

    assert all(competition["slug"].startswith("sandbox-") for competition in competitions)
    assert {competition.get("name", "Sandbox ")[:8] for competition in competitions} == {"Sandbox "}


def test_tournament_events_are_never_live_and_have_no_prices(upstream: Upstream) -> None:
    tournaments = [event for event in upstream.feed("/events")["data"] if event.get("currently_live") == 0]
    odds = upstream.feed(f"/event/{tournaments[0]['id']}/odds")["data"]

    assert len(tournaments) >= 3
    assert not any(event["in_play"] for event in tournaments)
    assert (odds["match_odds"], odds["bookmaker"], odds["fancy"]) == ([], [], [])


def test_the_live_list_holds_what_is_in_play_and_nothing_else(upstream: Upstream) -> None:
    live = upstream.feed("/events/live")["data"]
    catalogue = upstream.feed("/events")["data"]

    assert live == [event for event in catalogue if event["in_play"]]
    assert {event["status"] for event in live} == {"LIVE"}


def test_socket_events_carry_back_and_lay_under_the_bfi(upstream: Upstream) -> None:
    answer = upstream.feed("/socket-events")
    event = priced(upstream, in_play=True)

    assert answer["count"] == len(answer["data"])
    assert types(event) == {
        "id": int, "bfi": int, "name": str, "sport": str, "status": str, "in_play": bool, "markets": list,
        "selections": list,
    }  # fmt: skip
    assert event["id"] == event["bfi"]
    assert event["status"] == "In Play"
    assert event["markets"][0]["type"] == "MATCH_ODDS"
    assert [selection["name"] for selection in event["selections"]][2] == "The Draw"
    for selection in event["selections"]:
        assert set(selection) == {"name", "market_id", "back_odds", "back_size", "lay_odds", "lay_size"}
        assert selection["market_id"] == event["markets"][0]["market_id"]


def test_some_books_are_thin(upstream: Upstream) -> None:
    selections = [s for event in upstream.feed("/socket-events")["data"] for s in event["selections"]]
    thin = [selection for selection in selections if selection["lay_odds"] is None]

    assert 0 < len(thin) < len(selections) / 3
    assert all(selection["lay_size"] is None for selection in thin)


def test_racing_is_only_in_the_socket_list_and_under_its_bfi() -> None:
    clock = HandClock()
    with upstream_of(InventedWorld(seed=3, clock=clock)) as upstream:
        while not (racing := upstream.feed("/socket-events", sport="horse racing")["data"]):
            clock.forward(30)
        odds = upstream.feed(f"/event/{racing[0]['bfi']}/odds")["data"]
        catalogue = upstream.feed("/events")["data"]

    assert racing[0]["bfi"] not in {event["betfair_event_id"] for event in catalogue}
    assert odds["internal_id"] is None
    assert len(odds["match_odds"][0]["selections"]) == 7


def test_an_event_answers_to_either_id(upstream: Upstream) -> None:
    bfi = priced(upstream)["bfi"]
    event = next(event for event in upstream.feed("/events")["data"] if event["betfair_event_id"] == bfi)
    by_bfi = upstream.feed(f"/event/{bfi}")["data"]
    by_internal = upstream.feed(f"/event/{event['id']}")["data"]

    assert by_bfi == {**by_internal, "event_id": str(bfi)}
    assert (by_bfi["internal_id"], by_bfi["bfi"]) == (str(event["id"]), str(bfi))
    assert by_bfi["event"]["betfair_event_id"] == bfi
    assert list(by_bfi["socket_odds"]["byBfi"]) == [str(bfi)]
    assert by_bfi["source"] == "live"


def test_the_odds_of_an_event_show_every_market_in_aligned_views(upstream: Upstream) -> None:
    event = priced(upstream)
    odds = upstream.feed(f"/event/{event['bfi']}/odds")["data"]
    market = odds["match_odds"][0]

    assert set(odds) == {
        "event_id", "internal_id", "bfi", "market", "match_odds", "fancy", "bookmaker", "_meta", "source",
    }  # fmt: skip
    assert market["market_name"] == "Match Odds"
    assert odds["_meta"] == {"matchoddsFound": 1, "marketIds": [market["market_id"]]}
    assert list(odds["market"]["byMarketId"]) == [market["market_id"]]
    for flat, selection in zip(event["selections"], market["selections"], strict=True):
        assert selection["name"] == flat["name"]
        best = selection["back"][0]
        assert (best["level"], best["odds"], best["size"]) == (1, flat["back_odds"], flat["back_size"])
        assert [level["odds"] for level in selection["back"]] == sorted(
            (x["odds"] for x in selection["back"]), reverse=True
        )
        assert all(level["odds"] > best["odds"] for level in selection["lay"])


def test_a_bookmaker_is_priced_before_the_match_without_lays(upstream: Upstream) -> None:
    ids = [str(event["id"]) for event in upstream.feed("/events", sport="Tennis")["data"]]
    books = [book for number in ids for book in upstream.feed(f"/event/{number}/odds")["data"]["bookmaker"]]

    assert books
    assert {book["market_name"] for book in books} == {"Bookmaker 0 Commission"}
    for book in books:
        assert all(selection["back"] and selection["lay"] == [] for selection in book["selections"])


def test_fancy_markets_hold_run_lines(upstream: Upstream) -> None:
    cricket = [event["id"] for event in upstream.feed("/events", sport="Cricket")["data"]]
    fancy = [market for number in cricket for market in upstream.feed(f"/event/{number}/odds")["data"]["fancy"]]

    assert fancy
    for market in fancy:
        selection = market["selections"][0]
        assert selection["name"] == market["market_name"]
        assert selection["back"][0]["odds"] > selection["lay"][0]["odds"] > 40


def test_unified_odds_answer_each_known_id_as_it_was_asked(upstream: Upstream) -> None:
    bfi = str(priced(upstream)["bfi"])
    internal = upstream.feed(f"/event/{bfi}")["data"]["internal_id"]
    answer = upstream.ask("POST", "/api/v1/feed/odds/unified", json={"matchIds": [bfi, int(internal), "12"]}).json()
    data = answer["data"]

    assert data["match_ids"] == [bfi, internal, "12"]
    assert set(data["market"]) == {bfi, internal}
    assert data["market"][bfi] == data["market"][internal]
    assert set(data["market"][bfi]) == {"internal_id", "bfi", "market", "fancy", "bookmaker"}
    assert data["market"][bfi]["market"]["byMarketId"]


@pytest.mark.parametrize("body", [{}, {"matchIds": []}, {"matchIds": "7"}, {"matchIds": ["7"] * 51}, ["7"], None])
def test_unified_odds_refuse_a_body_without_ids_or_with_too_many(upstream: Upstream, body: Any) -> None:
    answer = upstream.ask("POST", "/api/v1/feed/odds/unified", json=body)

    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["/event/7", "/event/7/odds", "/event/abc", "/event/%C2%B2", "/result/7", "/nowhere", f"/event/{'9' * 400}"]
)
def test_what_is_not_there_is_a_404_in_the_one_shape(upstream: Upstream, path: str) -> None:
    answer = upstream.ask("GET", f"/api/v1/feed{path}")

    assert answer.status_code == 404
    assert types(answer.json()) == {"success": bool, "error": str}


def test_search_finds_by_name_whatever_the_case(upstream: Upstream) -> None:
    event = upstream.feed("/events")["data"][0]
    answer = upstream.feed("/search", q=event["name"][:9].upper())

    assert event in answer["data"]
    assert upstream.ask("GET", "/api/v1/feed/search").status_code == 400


def test_results_are_newest_first_and_can_be_narrowed(upstream: Upstream) -> None:
    answer = upstream.feed("/results", limit=30)
    moments = [record["completed_at"] for record in answer["data"]]
    later = upstream.feed("/results", since=moments[10], limit=100)["data"]
    tennis = upstream.feed("/results", sport="tennis", limit=5)["data"]

    assert answer["count"] == 30 == answer["totals"]["saved"] + answer["totals"]["rest"]
    assert moments == sorted(moments, reverse=True)
    assert [record["completed_at"] for record in later] == moments[:10]
    assert {record["sport"] for record in tennis} == {"Tennis"}
    assert set(answer["data"][0]) >= {
        "internal_id", "bfi", "name", "sport", "team_a", "team_b", "completed_at", "winner", "final_match_odds",
        "final_scores",
    }  # fmt: skip


@pytest.mark.parametrize("query", [{"limit": "x"}, {"limit": "-1"}, {"since": "yesterday"}])
def test_results_refuse_what_they_cannot_read(upstream: Upstream, query: dict[str, str]) -> None:
    assert upstream.ask("GET", "/api/v1/feed/results", params=query).status_code == 400


def test_results_end_every_way_they_can(upstream: Upstream) -> None:
    records = upstream.feed("/results", limit=3000)["data"]
    guessed = [record for record in records if (record["winner"] or "").endswith(" (favourite)")]

    assert {record.get("status", "completed") for record in records} == {
        "completed",
        "ABANDONED",
        "WALKOVER",
        "RETIRED",
    }
    assert 1 / 50 < len(guessed) / len(records) < 1 / 15
    assert {record["sport"] for record in records if record["final_scores"] is None} >= {"Table Tennis", "Greyhound"}


def test_untagged_winners_agree_with_the_score_and_had_the_lowest_price(upstream: Upstream) -> None:
    for record in upstream.feed("/results", limit=300, sport="Football")["data"]:
        if record["winner"] is None or record["winner"].endswith("(favourite)"):
            continue
        home, away = record["final_scores"]["home"], record["final_scores"]["away"]
        expected = record["team_a"] if home > away else record["team_b"] if away > home else "The Draw"
        assert record["winner"] == expected
        assert record["final_scores"]["status"] == "FT"
        for frame in record["final_match_odds"].values():
            assert min(frame["BF"]["SL"], key=lambda runner: runner["B"][0][0])["N"] == expected


def test_a_result_is_there_from_the_end_on_and_not_before() -> None:
    clock = HandClock()
    with upstream_of(InventedWorld(seed=3, clock=clock)) as upstream:
        event = upstream.feed("/events/live")["data"][0]
        number, bfi = event["id"], event["betfair_event_id"]
        before = upstream.ask("GET", f"/api/v1/feed/result/{number}").status_code
        clock.forward(90)
        result = upstream.feed(f"/result/{number}")["data"]
        same = upstream.feed(f"/result/{bfi}")["data"]
        gone = upstream.ask("GET", f"/api/v1/feed/event/{number}").status_code
        clock.forward(12 * 3600)
        forgotten = upstream.ask("GET", f"/api/v1/feed/result/{number}").status_code

    assert (before, gone, forgotten) == (404, 404, 404)
    assert result == same
    assert (result["internal_id"], result["name"]) == (str(number), event["name"])


def test_health_is_what_the_reference_calls_healthy(upstream: Upstream) -> None:
    data = upstream.get("/api/v1/admin/health")["data"]

    assert data["socket"]["connected"] is True
    assert data["accounts"]["active"] >= 1
    assert set(data) == {
        "status", "version", "uptime_s", "memory", "cache", "socket", "accounts", "ws_clients", "result_saver",
    }  # fmt: skip


def test_state_shows_the_world_at_a_glance(upstream: Upstream) -> None:
    state = upstream.get("/_sandbox/state")

    assert state["source"] == "invented"
    assert state["now"] == NOON.isoformat().replace("+00:00", "Z")
    assert (state["total"], state["done"]) == (None, False)
    assert 5 <= state["in_play"] < state["fixtures"]


def test_a_large_catalogue_is_one_page() -> None:
    with upstream_of(InventedWorld(catalogue=1760, clock=HandClock())) as upstream:
        events = upstream.feed("/events")["data"]

    assert len(events) >= 1760
    assert len({event["id"] for event in events}) == len(events)
