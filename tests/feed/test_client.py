"""The far side fails in every way it can: retried where that helps, said in words where not."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.redis import client as redis_client
from apps.feed import http
from apps.feed.http import Upstream, UpstreamFailed, UpstreamRefused
from apps.feed.porqpine.client import Porqpine
from tests.feed.fakes import FarSide, as_json, far_side

pytestmark = pytest.mark.usefixtures("redis", "_no_waiting")
EVENT = {"id": 1, "name": "A vs B", "team_a": "A", "team_b": "B", "sport": "Football", "betfair_event_id": 2}


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http.time, "sleep", lambda _seconds: None)


@pytest.fixture
def replies() -> list[Any]:
    """What the far side says, in order; the last is said for ever."""
    return [as_json({"success": True, "data": [EVENT]})]


@pytest.fixture
def side(replies: list[Any]) -> Iterator[FarSide]:
    with far_side(lambda _method, _path: replies.pop(0) if len(replies) > 1 else replies[0]) as it:
        yield it


def upstream(side: FarSide, **changes: Any) -> Upstream:
    return Upstream("test", side.url, **changes)


def test_a_502_is_asked_again_and_the_answer_used(side: FarSide, replies: list[Any]) -> None:
    replies.insert(0, as_json({"success": False, "error": "Upstream error"}, 502))
    assert Porqpine(upstream(side)).events().items[0].bfi == "2"
    assert len(side.asked) == 2


@pytest.mark.parametrize("half", ['{"success": true, "data": [{"id": 1', "", "<html>", "[1, 2"])
def test_half_a_page_is_asked_again(side: FarSide, replies: list[Any], half: str) -> None:
    replies.insert(0, as_json(half))
    assert len(Porqpine(upstream(side)).events().items) == 1


def test_nothing_there_is_a_sentence_after_three_tries() -> None:
    with pytest.raises(UpstreamFailed, match="nowhere"):
        Upstream("nowhere", "http://127.0.0.1:9").ask("GET", "/x")


def test_a_404_is_not_asked_again_and_means_no_result_yet(side: FarSide, replies: list[Any]) -> None:
    replies[0] = as_json({"success": False, "error": "no such event"}, 404)
    with pytest.raises(UpstreamRefused) as refused:
        upstream(side).ask("GET", "/x")
    assert refused.value.status == 404
    assert len(side.asked) == 1
    assert Porqpine(upstream(side)).result("5") is None


def test_an_answer_that_trickles_for_ever_is_cut_off(side: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "DEADLINE", -1.0)
    with pytest.raises(UpstreamFailed, match="took over"):
        upstream(side).ask("GET", "/x")


def test_an_answer_without_end_is_cut_off(side: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 10)
    with pytest.raises(UpstreamFailed, match="over 10 bytes"):
        upstream(side).ask("GET", "/x")


def test_the_circuit_opens_after_five_failures_and_closes_by_itself(side: FarSide, replies: list[Any]) -> None:
    good = replies[0]
    replies[0] = as_json("", 503)
    for _ in range(5):
        with pytest.raises(UpstreamFailed, match="answered 503"):
            upstream(side).ask("GET", "/x")
    asked = len(side.asked)
    with pytest.raises(UpstreamFailed, match="left alone"):
        upstream(side).ask("GET", "/x")
    assert len(side.asked) == asked  # nobody was bothered
    replies[0] = good
    redis_client().pexpire("feed:open:test", 1)
    while redis_client().exists("feed:open:test"):
        pass
    assert upstream(side).ask("GET", "/x").body["success"]
    assert not redis_client().exists("feed:failures:test")


def test_a_page_with_one_unreadable_record_gives_all_others(side: FarSide, replies: list[Any]) -> None:
    odd: list[Any] = [
        None,
        7,
        {},
        {"id": 9},
        {"id": 8, "sport": "Football"},
        {**EVENT, "id": "x y", "betfair_event_id": None},
    ]
    replies[0] = as_json({"success": True, "data": [*odd, EVENT, {**EVENT, "in_play": float("nan")}]})
    page = Porqpine(upstream(side)).events()
    assert [fixture.bfi for fixture in page.items] == ["2", "2"]
    assert page.skipped == len(odd)


@pytest.mark.parametrize(
    "body", [{"success": False, "error": "maintenance"}, {"data": []}, [], None, {"success": True}]
)
def test_an_answer_that_is_no_page_is_a_failure(side: FarSide, replies: list[Any], body: Any) -> None:
    replies[0] = as_json(body)
    with pytest.raises(UpstreamFailed):
        Porqpine(upstream(side)).events()


def test_the_budget_holds_over_all_clients_of_a_second(side: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(http.time, "time", lambda: now)

    def wait(_seconds: float) -> None:
        nonlocal now
        now += 1

    monkeypatch.setattr(http.time, "sleep", wait)
    clients = [upstream(side, budget=2), upstream(side, budget=2)]
    for number in range(6):
        clients[number % 2].ask("GET", "/x")
    assert now == 1_000_002.0  # six requests, two a second


def test_the_key_of_an_upstream_never_reaches_a_message() -> None:
    with pytest.raises(UpstreamFailed) as failed:
        Upstream("odds", "http://127.0.0.1:9", secret="s3cr3t").ask("GET", "/x", params={"apiKey": "s3cr3t"})
    assert "s3cr3t" not in str(failed.value)


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ({"socket": {"connected": True}, "accounts": {"active": 4}}, ""),
        ({"socket": {"connected": False}, "accounts": {"active": 4}}, "socket"),
        ({"socket": {"connected": True}, "accounts": {"active": 0}}, "account"),
        ({}, "socket"),
    ],
)
def test_upstream_is_healthy_by_its_own_rule(side: FarSide, replies: list[Any], health: Any, words: str) -> None:
    replies[0] = as_json({"success": True, "data": health})
    said = Porqpine(upstream(side)).health()
    assert (words in said) if words else not said
