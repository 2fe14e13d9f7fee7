"""The front as the Caddyfile has it: what callers see while a body trickles, breaks off, or web is away."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.feed.fakes import FarSide, as_json, far_side
from tests.front import front, needs_caddy

HEAD = b"POST /api/v1/picks HTTP/1.1\r\nHost: 127.0.0.1\r\n"
pytestmark = needs_caddy


@pytest.fixture
def web() -> Iterator[FarSide]:
    with far_side(lambda _method, _path: as_json({"here": True})) as side:
        yield side


@pytest.fixture
def port(web: FarSide, tmp_path: Path) -> Iterator[int]:
    """The front before that web, on this port."""
    with front(web.url, tmp_path) as port:
        yield port


def get(port: int, path: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def test_bodies_that_never_end_take_no_place_in_web(port: int, web: FarSide) -> None:
    callers = []
    for _ in range(20):
        caller = socket.create_connection(("127.0.0.1", port), timeout=20)
        caller.sendall(HEAD + b"Content-Length: 100\r\n\r\nabc")
        callers.append(caller)
    assert get(port, "/healthz")[0] == 200
    assert web.asked == ["/healthz"]
    for caller in callers:
        caller.close()


def test_what_the_webs_server_refuses_without_a_word_is_put_into_words(port: int, web: FarSide) -> None:
    web.answer = lambda _method, _path: (400, b"")
    status, headers, body = get(port, "/api/v1/picks")
    assert (status, headers["Content-Type"]) == (400, "application/json")
    assert json.loads(body)["error"] == "invalid_request"


def test_metrics_are_not_for_the_world(port: int, web: FarSide) -> None:
    assert get(port, "/metrics")[0] == 404
    assert web.asked == []


def test_while_web_is_away_programs_are_told_when_to_come_back(port: int, web: FarSide) -> None:
    web.stop()
    status, headers, body = get(port, "/api/v1/picks")
    assert (status, headers["Retry-After"], headers["Access-Control-Allow-Origin"]) == (503, "5", "*")
    assert json.loads(body)["error"] == "service_unavailable"
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
    assert get(port, "/admin/")[0] == 503
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/picks", method="OPTIONS")
    with urllib.request.urlopen(asked, timeout=20) as preflight:
        assert preflight.status == 204
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]


def test_a_body_past_all_measure_is_refused_and_its_connection_closed(port: int) -> None:
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as caller, suppress(ConnectionError):
        with suppress(ConnectionError):  # closed while we are still sending
            caller.sendall(HEAD + b"Content-Length: 20000000\r\n\r\n" + b"x" * 20_000_000)
        while piece := caller.recv(65_536):
            answer += piece
    assert answer == b"" or (b" 413 " in answer and b'"payload_too_large"' in answer)


def test_pages_are_packed_and_answers_of_the_api_are_not(port: int, web: FarSide) -> None:
    web.answer = lambda _method, _path: as_json({"here": "x" * 5_000})
    packed = [
        urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "gzip"}), timeout=20
        ).headers.get("Content-Encoding")
        for path in ("/docs", "/api/v1/picks")
    ]
    assert packed == ["gzip", None]
