"""Every fault can be switched on, read back and switched off, and does what its name says."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from apps.devtools.sandbox.faults import Faults
from apps.devtools.sandbox.invented import InventedWorld
from tests.devtools.sandbox import HandClock, Upstream, upstream_of

FAULTS = "/_sandbox/faults"
EVENTS = "/api/v1/feed/events"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def upstream(clock: HandClock) -> Iterator[Upstream]:
    with upstream_of(InventedWorld(seed=6, clock=clock)) as running:
        yield running


def switch_on(upstream: Upstream, **faults: Any) -> dict[str, Any]:
    answer: dict[str, Any] = upstream.ask("POST", FAULTS, json=faults).json()
    return answer


def statuses(upstream: Upstream, count: int) -> list[int]:
    return [upstream.ask("GET", EVENTS).status_code for _ in range(count)]


def test_faults_are_read_set_one_by_one_and_cleared(upstream: Upstream) -> None:
    first = switch_on(upstream, rate_502=0.5)
    second = switch_on(upstream, frozen=True)

    assert first["rate_502"] == 0.5
    assert (second["rate_502"], second["frozen"]) == (0.5, True)
    assert upstream.get(FAULTS) == second
    cleared = upstream.ask("DELETE", FAULTS).json()
    assert not any(value for name, value in cleared.items() if name != "seed")


@pytest.mark.parametrize(
    "wanted",
    [{"rate_502": 2}, {"drop": "often"}, {"malformed": True}, {"latency_s": -1}, {"frozen": 1}, {"source": "x"},
     {"seed": 1.5}, {"rate_503": 1}, [], {"truncate": float("nan")}],
)  # fmt: skip
def test_nonsense_is_refused_with_a_sentence_and_changes_nothing(upstream: Upstream, wanted: Any) -> None:
    before = upstream.get(FAULTS)
    answer = upstream.session.post(upstream.url + FAULTS, data=json.dumps(wanted), timeout=10)

    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10
    assert upstream.get(FAULTS) == before


def test_a_share_of_requests_is_answered_502_the_same_ones_for_the_same_seed(upstream: Upstream) -> None:
    switch_on(upstream, rate_502=0.5, seed=9)
    first = statuses(upstream, 40)
    switch_on(upstream, rate_502=0.5, seed=9)

    assert 8 < first.count(502) < 32
    assert statuses(upstream, 40) == first
    switch_on(upstream, rate_502=1)
    answer = upstream.ask("GET", EVENTS)
    assert (answer.status_code, answer.json()["success"]) == (502, False)
    assert upstream.ask("GET", "/v4/sports").json()["message"]


def test_the_sandbox_itself_stays_reachable(upstream: Upstream) -> None:
    switch_on(upstream, rate_502=1, drop=1, truncate=1)

    assert upstream.ask("GET", "/_sandbox/state").status_code == 200
    assert upstream.ask("DELETE", FAULTS).status_code == 200
    assert statuses(upstream, 3) == [200, 200, 200]


def test_a_slow_answer_runs_into_the_callers_time_out(upstream: Upstream) -> None:
    switch_on(upstream, latency_s=30)

    with pytest.raises(requests.ReadTimeout):
        upstream.session.get(upstream.url + EVENTS, timeout=0.2)


def test_a_drop_ends_the_connection_half_way_through_the_body(upstream: Upstream) -> None:
    switch_on(upstream, drop=1)

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="more expected"):
        upstream.ask("GET", EVENTS)


def test_a_truncated_body_is_whole_to_http_and_half_to_json(upstream: Upstream) -> None:
    switch_on(upstream, truncate=1)
    answer = upstream.ask("GET", EVENTS)

    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert answer.text.startswith('{"success":true')
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_malformed_records_are_a_share_and_leave_the_others_whole(upstream: Upstream) -> None:
    good = upstream.feed("/events")["data"]
    switch_on(upstream, malformed=0.3)
    spoiled = upstream.feed("/events")["data"]
    untouched = [record for record in spoiled if record in good]

    assert len(good) * 0.45 < len(untouched) < len(good) * 0.95
    assert upstream.feed("/events")["data"] != spoiled


def test_malformed_prices_are_bad_in_every_way(upstream: Upstream) -> None:
    switch_on(upstream, malformed=1)
    found: set[str] = set()
    for _ in range(20):
        for event in upstream.feed("/socket-events")["data"]:
            found |= {kind for kind, is_it in WAYS.items() if is_it(event)}

    assert found == set(WAYS)


def selections(event: Any) -> list[Any]:
    found = event.get("selections") if isinstance(event, dict) else None
    return found if isinstance(found, list) else []


def prices(event: Any) -> list[Any]:
    records = [selection for selection in selections(event) if isinstance(selection, dict)]
    return [record[key] for record in records for key in ("back_odds", "lay_odds") if key in record]


WAYS: dict[str, Any] = {
    "not an object": lambda event: not isinstance(event, dict),
    "a field missing": lambda event: isinstance(event, dict) and len(event) < 8,
    "a null": lambda event: isinstance(event, dict) and None in event.values(),
    "text for a number": lambda event: "n/a" in prices(event),
    "not a number": lambda event: any(isinstance(price, float) and math.isnan(price) for price in prices(event)),
    "odds too low": lambda event: any(isinstance(price, int | float) and price <= 1 for price in prices(event)),
    "the same twice": lambda event: isinstance(event, dict) and str(event.get("name")).startswith("Twice"),
}


def test_a_frozen_feed_goes_on_saying_what_it_said(upstream: Upstream, clock: HandClock) -> None:
    before = upstream.feed("/socket-events")
    switch_on(upstream, frozen=True)
    clock.forward(60)
    switch_on(upstream, rate_502=0)
    clock.forward(60)
    during = upstream.feed("/socket-events")
    switch_on(upstream, frozen=False)

    assert during == before
    assert upstream.feed("/socket-events") != before


def test_the_source_and_the_health_can_be_made_worse(upstream: Upstream) -> None:
    number = upstream.feed("/events/live")["data"][0]["id"]
    switch_on(upstream, source="cache", unhealthy=True)

    assert upstream.feed(f"/event/{number}/odds")["data"]["source"] == "cache"
    assert upstream.get("/api/v1/admin/health")["data"]["socket"]["connected"] is False


def test_faults_can_be_there_from_the_start() -> None:
    with upstream_of(InventedWorld(clock=HandClock()), Faults(rate_502=1)) as upstream:
        assert upstream.ask("GET", EVENTS).status_code == 502
