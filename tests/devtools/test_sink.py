"""The sink behaves as it is told, towards the sender of our own webhooks."""

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.devtools.sink.client import SinkClient
from apps.webhooks.sender import Attempted
from apps.webhooks.signing import new_secret, signed_headers
from tests.sinks import NAME, RunningSink, running_sink

BODY = json.dumps(
    {"event": "pick.published", "data": {"pick": "Arsenal -0.5 Asian Handicap", "odds": 1.91, "result": None}}
).encode()
SECRET = new_secret()


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSink]:
    with running_sink(tmp_path_factory.mktemp("sink"), "--retry-after", "7") as running:
        yield running


def send(sink: RunningSink, path: str, *, body: bytes = BODY, deadline: float = 10.0, **signed: Any) -> Attempted:
    """One attempt at a delivery, signed with SECRET if nobody says otherwise."""
    told = {"secret": SECRET, "previous": None, "attempt": 1, **signed}
    headers = signed_headers(
        body, event="pick.published", event_id="0b6f3c5e", delivery_id="6f9619ff", now=datetime.now(UTC), **told
    )
    return sink.sender(deadline=deadline).send(f"https://{NAME}:8443{path}", body=body, headers=headers)


def last(control: SinkClient) -> dict[str, Any]:
    (*_, arrival) = control.arrivals()
    return arrival


@pytest.mark.parametrize(
    ("path", "status", "answered"),
    [
        ("/ok/17", 200, "200"),
        ("/anywhere?with=query", 200, "200"),
        ("/500", 500, "500"),
        ("/redirect", 302, "302 to /ok"),
        ("/gone/1", 410, "410"),
        ("/429", 429, "429, try in 7 s"),
        ("/huge", 200, "200 and 64 MiB"),
        ("/close", None, "nothing, hung up"),
    ],
)
def test_a_path_chooses_the_behaviour(sink: RunningSink, path: str, status: int | None, answered: str) -> None:
    attempted = send(sink, path)
    assert attempted.status_code == status
    assert attempted.retry_after == (7.0 if status == 429 else None)
    arrival = last(sink.control)
    assert (arrival["path"], arrival["answered"]) == (path, answered)


@pytest.mark.parametrize(("path", "status"), [("/hang", None), ("/slow", None), ("/drip", 200)])
def test_some_behaviours_take_longer_than_a_sender_waits(sink: RunningSink, path: str, status: int | None) -> None:
    attempted = send(sink, path, deadline=0.5)
    assert attempted.status_code == status
    assert attempted.duration_ms >= 400
    assert send(sink, "/ok").delivered  # while the others wait


def test_a_slow_one_answers_all_the_same(sink: RunningSink) -> None:
    assert send(sink, "/slow").status_code == 200


def test_behaviour_is_switched_while_it_runs_for_a_path_and_for_all(sink: RunningSink) -> None:
    sink.control.behave("500", path="/mine")
    sink.control.behave("gone", path="/mine/17")
    assert send(sink, "/mine/2").status_code == 500
    assert send(sink, "/mine/17").status_code == 410
    assert send(sink, "/elsewhere").status_code == 200
    sink.control.behave("ok", path="/mine")
    sink.control.behave("500")
    assert [send(sink, path).status_code for path in ("/mine", "/elsewhere", "/ok/1")] == [200, 500, 200]
    sink.control.behave("ok")


def test_an_arrival_is_told_as_it_was(sink: RunningSink) -> None:
    assert send(sink, "/ok/told", attempt=3).delivered
    arrival = last(sink.control)
    assert arrival["body"].encode() == BODY
    assert arrival["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert arrival["headers"]["x-betedge-delivery"] == "6f9619ff"
    assert arrival["headers"]["x-betedge-attempt"] == "3"
    assert arrival["headers"]["host"] == f"{NAME}:8443"
    assert datetime.fromisoformat(arrival["at"]).timestamp() == pytest.approx(arrival["wall"], abs=0.001)


def test_signatures_are_checked_with_the_secret_of_the_path(sink: RunningSink) -> None:
    other = new_secret()
    assert send(sink, "/signed").delivered
    assert last(sink.control)["signature"] == "not checked"
    sink.control.learn(SECRET, path="/signed")
    for path, signed, verdict in (
        ("/signed", {}, "ok"),
        ("/signed/beneath", {"secret": other, "previous": SECRET}, "ok"),
        ("/signed", {"secret": other}, "WRONG"),
        ("/unsigned", {}, "not checked"),
    ):
        send(sink, path, **signed)
        assert last(sink.control)["signature"] == verdict


def test_arrivals_are_read_on_from_a_number_and_forgotten_on_demand(sink: RunningSink) -> None:
    send(sink, "/ok/first")
    number = last(sink.control)["number"]
    send(sink, "/ok/second")
    assert [arrival["path"] for arrival in sink.control.arrivals(since=number)] == ["/ok/second"]
    sink.control.clear()
    assert list(sink.control.arrivals()) == []
    send(sink, "/ok/third")
    assert [arrival["number"] for arrival in sink.control.arrivals()] == [number + 2]
    assert sink.control.state()["oldest_kept"] == number + 2


def test_many_at_once_are_all_there_in_order(sink: RunningSink) -> None:
    sink.control.clear()
    before = sink.control.state()["total"]
    callers = [threading.Thread(target=send, args=[sink, f"/ok/{number}"]) for number in range(64)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    arrived = list(sink.control.arrivals())
    assert {arrival["path"] for arrival in arrived} == {f"/ok/{number}" for number in range(64)}
    assert [arrival["number"] for arrival in arrived] == list(range(before + 1, before + 65))


def test_a_large_body_in_many_pieces_is_one_arrival_and_a_larger_one_is_refused(sink: RunningSink) -> None:
    assert send(sink, "/ok/large", body=b"x" * 1_000_000).delivered
    assert len(last(sink.control)["body"]) == 1_000_000
    assert not send(sink, "/ok/larger", body=b"x" * 1_100_000).delivered
    assert last(sink.control)["path"] == "/ok/large"


def test_no_more_is_kept_than_it_is_told_to(tmp_path: Path) -> None:
    with running_sink(tmp_path, "--keep", "3") as small:
        for number in range(5):
            send(small, f"/ok/{number}")
        assert [arrival["path"] for arrival in small.control.arrivals()] == ["/ok/2", "/ok/3", "/ok/4"]
        assert small.control.state()["total"] == 5
