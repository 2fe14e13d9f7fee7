"""Callers who mean no good, or know no better: what they send is refused or cut, and what they hold has a bound."""

import re
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import redis as redis_py

from tests.api.test_stream import refused, tell
from tests.factories import ApiKeyFactory
from tests.front import front, needs_caddy
from tests.streams import PATH, Process, call, listening, stream_process, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("stream")]


@pytest.fixture
def process(tmp_path: Path, redis: "redis_py.Redis") -> Iterator[Process]:
    with stream_process(tmp_path) as process:
        yield process


def connected(port: int, *, takes: int = 0) -> socket.socket:
    """A connection; `takes`: how many bytes the system takes for it."""
    caller = socket.socket()
    if takes:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
    caller.settimeout(30)
    caller.connect(("127.0.0.1", port))
    return caller


def request(secret: str, *headers: str, method: str = "GET", path: str = PATH) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {secret}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def opened(port: int, secret: str, *, takes: int = 0) -> socket.socket:
    caller = connected(port, takes=takes)
    caller.sendall(request(secret))
    head = b""
    while b"retry:" not in head:
        head += caller.recv(1_024)
    assert b" 200 " in head.partition(b"\r\n")[0]
    return caller


def all_of(caller: socket.socket) -> bytes:
    """What comes until the far side ends it, in order or not."""
    text = b""
    with suppress(ConnectionResetError):
        while piece := caller.recv(65_536):
            text += piece
    return text


def test_a_second_request_on_an_open_stream_ends_it_and_frees_the_place(
    process: Process, redis: "redis_py.Redis"
) -> None:
    secret = ApiKeyFactory().secret
    caller = opened(process.port, secret)
    caller.sendall(request(secret) * 20)
    assert all_of(caller) == b""
    until(lambda: not redis.keys("*streams*"))


def test_requests_that_came_with_the_first_wait_until_it_ends(process: Process, redis: "redis_py.Redis") -> None:
    secret = ApiKeyFactory().secret
    caller = connected(process.port)
    caller.sendall(request(secret, path="/api/nothing") * 3 + request(secret))
    text = b""
    while b"retry:" not in text:
        text += caller.recv(65_536)
    assert re.findall(rb"HTTP/1.1 (\d+)", text) == [b"404"] * 3 + [b"200"]
    caller.close()
    until(lambda: not redis.keys("*streams*"))


def test_headers_without_end_are_refused(process: Process) -> None:
    caller = connected(process.port)
    caller.sendall(b"GET /api/v1/picks/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-A: b\r\n" * 5_000)
    assert all_of(caller).startswith(b"HTTP/1.1 400 ")


@needs_caddy
def test_what_the_streams_server_refuses_by_itself_is_put_into_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("BETEDGE_STREAM_UPSTREAM", f"127.0.0.1:{server.getsockname()[1]}")
        threading.Thread(target=refuse_in_plain_text, args=[server], daemon=True).start()
        with front("http://127.0.0.1:1", tmp_path) as port:
            answer = refused(call(port, "x"))
    assert (answer["status"], answer["error"]) == (400, "invalid_request")


def refuse_in_plain_text(server: socket.socket) -> None:
    """As uvicorn does what it cannot read."""
    caller, _address = server.accept()
    with caller:
        caller.recv(65_536)
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n"
        caller.sendall(head + b"Invalid HTTP request received.")


def test_any_path_and_host_is_answered_without_an_error_of_ours(process: Process, tmp_path: Path) -> None:
    for path in ("/", "/API/v1/picks/stream", "//api/v1/picks/stream", "/api/v1/picks/stream/%FF", "/api/%0d%0a"):
        caller = connected(process.port)
        caller.sendall(request("x", "X-Forwarded-Host: evil.example", "Connection: close", path=path))
        assert all_of(caller).startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 401 ")), path
    assert "Traceback" not in (tmp_path / "stream.log").read_text()


def test_many_refusals_leave_nothing_behind(process: Process, redis: "redis_py.Redis") -> None:
    key, starter = ApiKeyFactory(), ApiKeyFactory(tier="starter")
    for _ in range(5):
        listening(process.port, key.secret)
    server = psutil.Process(process.child.pid)

    def refuse() -> None:
        for secret in (key.secret, starter.secret, "betedge_" + "0" * 64):
            assert call(process.port, secret).status in (403, 429, 401)

    for _ in range(50):
        refuse()
    before = server.memory_info().rss
    for _ in range(200):
        refuse()
    assert server.memory_info().rss - before < 2_000_000
    assert [redis.zcard(name) for name in redis.keys("*streams*")] == [5]


def test_readers_that_take_nothing_hold_no_copies(process: Process) -> None:
    """Each of them is told 1 MB: all of it once in memory, and some tens of kB for each."""
    secrets = [ApiKeyFactory().secret for _ in range(20)]
    server = psutil.Process(process.child.pid)
    stalled = [opened(process.port, secret, takes=4_096) for secret in secrets for _ in range(5)]
    healthy = listening(process.port, ApiKeyFactory().secret)
    before = server.memory_info().rss
    told = [tell(size=10_000).sequence for _ in range(90)]
    until(lambda: healthy.ids == told)
    assert server.memory_info().rss - before < len(stalled) * 100_000
    for caller in stalled:
        caller.close()


def test_a_process_that_is_asked_to_stop_does_not_wait_for_readers_that_take_nothing(
    process: Process, tmp_path: Path
) -> None:
    stalled = [opened(process.port, ApiKeyFactory().secret, takes=4_096) for _ in range(5)]
    healthy = listening(process.port, ApiKeyFactory().secret)
    told = [tell(size=40_000).sequence for _ in range(20)]
    until(lambda: healthy.ids == told)
    process.child.process.terminate()
    process.child.process.wait(10)
    assert healthy.ended.wait(5)
    assert "Traceback" not in (tmp_path / "stream.log").read_text()
    for caller in stalled:
        caller.close()


def test_more_connections_than_a_shell_allows_are_taken(tmp_path: Path, redis: "redis_py.Redis") -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
    try:
        with stream_process(tmp_path) as process:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))
            waiting = [connected(process.port) for _ in range(400)]
            assert listening(process.port, ApiKeyFactory().secret).status == 200
            for caller in waiting:
                caller.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))
