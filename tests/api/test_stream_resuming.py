"""Nothing lost and nothing told twice: streams that break, resume, lag behind, and outlive their stores."""

import os
import random
import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis as redis_py
from django.db import connections
from django.utils import timezone

from apps.access.services import revoke_key
from apps.api.stream.health import HOLD_SECONDS, READING
from apps.outbox.models import OutboxEvent
from tests.api.test_stream import refused, tell
from tests.factories import ApiKeyFactory
from tests.front import front, needs_caddy
from tests.streams import PATH, Caller, Process, call, listening, stream_process, until
from tests.web import database_url
from tests.wire import Wire, wire_to

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("stream")]
BOTH = "?events=pick.published,pick.settled"


@pytest.fixture
def process(tmp_path: Path, redis: "redis_py.Redis") -> Iterator[Process]:
    with stream_process(tmp_path) as process:
        yield process


def test_a_stream_goes_on_after_the_last_event_that_was_seen(process: Process) -> None:
    secret = ApiKeyFactory().secret
    first, second, third = (tell().sequence for _ in range(3))
    resumed = listening(process.port, secret, last=first)
    fourth = tell().sequence
    until(lambda: len(resumed.ids) == 3)
    assert resumed.ids == [second, third, fourth]


def test_one_that_broke_before_any_event_knows_where_to_go_on(process: Process) -> None:
    secret = ApiKeyFactory().secret
    tell()
    broken = listening(process.port, secret)
    broken.leave()
    missed = tell().sequence
    resumed = listening(process.port, secret, last=broken.last_id)
    until(lambda: resumed.ids == [missed])


def test_more_than_a_page_is_caught_up_with_in_order_while_more_is_told(process: Process) -> None:
    secret = ApiKeyFactory().secret
    before = [tell(random.choice(["pick.published", "pick.settled"])).sequence for _ in range(450)]
    resumed = listening(process.port, secret, last=0, query=BOTH)
    after = [tell().sequence for _ in range(50)]
    until(lambda: len(resumed.ids) >= 500)
    assert resumed.ids == before + after
    published = listening(process.port, secret, last=before[0])
    expected = OutboxEvent.objects.filter(type="pick.published", sequence__gt=before[0]).order_by("sequence")
    until(lambda: published.ids == list(expected.values_list("sequence", flat=True)))


def test_what_is_missing_for_more_than_a_day_is_not_passed_over_in_silence(process: Process) -> None:
    secret = ApiKeyFactory().secret
    now = timezone.now()
    old = tell(at=now - timedelta(hours=30)).sequence
    missed = tell("pick.settled", at=now - timedelta(hours=25)).sequence
    fresh = tell(at=now - timedelta(hours=23)).sequence
    answer = refused(call(process.port, secret, last=old, query=BOTH))
    assert (answer["status"], answer["error"], answer["parameter"]) == (400, "invalid_parameter", "Last-Event-ID")
    for last, query in ((old, ""), (missed, BOTH)):  # who does not want what is old has missed nothing
        resumed = listening(process.port, secret, last=last, query=query)
        until(lambda resumed=resumed: resumed.ids == [fresh])


@pytest.mark.parametrize("last", ["x", "-1", "1.0", "2 ", "9" * 18, "9" * 400, "0x1", "\xb2"])
def test_an_id_that_was_never_ours_is_refused(process: Process, last: str) -> None:
    tell()
    caller = call(process.port, ApiKeyFactory().secret, last=last)
    if last == "2 ":  # a header's value ends before its spaces: the number of an event to come
        last = last.strip()
    answer = refused(caller)
    assert (answer["status"], answer["parameter"]) == (400, "Last-Event-ID")


def test_an_empty_id_is_none(process: Process) -> None:
    tell()
    caller = listening(process.port, ApiKeyFactory().secret, last="")
    told = tell().sequence
    until(lambda: caller.ids == [told])


def test_two_processes_tell_the_same(process: Process, tmp_path: Path) -> None:
    with stream_process(tmp_path, name="other") as other:
        callers = [listening(port, ApiKeyFactory().secret) for port in (process.port, other.port)]
        told = [tell().sequence for _ in range(20)]
        until(lambda: all(caller.ids == told for caller in callers))
        assert len({caller.text for caller in callers}) == 1


def test_whoever_resumes_after_kills_has_seen_every_event_once(process: Process) -> None:
    secret = ApiKeyFactory().secret
    told: list[int] = []
    writer = threading.Thread(target=write, args=[told, 400])
    seen: list[int] = []
    caller = listening(process.port, secret)
    writer.start()
    for _ in range(4):
        enough = random.randint(1, 60)
        until(lambda caller=caller, enough=enough: len(caller.ids) >= enough)
        process.child.kill()
        assert caller.ended.wait(10)
        seen += caller.ids
        process.restart()
        caller = listening(process.port, secret, last=caller.last_id)
    writer.join()
    until(lambda: len(seen) + len(caller.ids) >= 400)
    assert seen + caller.ids == told


def write(told: list[int], events: int) -> None:
    """Commit so many events, a few at a time."""
    for _ in range(events):
        told.append(tell().sequence)
        time.sleep(random.random() / 20)  # as picks come: over some seconds
    connections.close_all()


def test_one_who_reads_nothing_is_dropped_and_delays_nobody(process: Process) -> None:
    slow_secret = ApiKeyFactory().secret
    slow = stalled(process.port, slow_secret)
    healthy = listening(process.port, ApiKeyFactory().secret)
    told: list[int] = []
    while len(told) < 200:
        told.append(tell(size=40_000).sequence)
        until(lambda: healthy.taken.endswith(b"id: %d\n\n" % told[-1]))
    assert healthy.ids == told
    text = b""
    slow.settimeout(30)
    try:
        while piece := slow.recv(1_000_000):
            text += piece
    except ConnectionResetError:
        pass
    slow.close()
    taken = text.count(b"event: pick.published")
    assert 0 < taken < 200
    whole = [int(sequence) for sequence in re.findall(rb'"}\nid: (\d+)\n\n', text)]
    resumed = listening(process.port, slow_secret, last=whole[-1])
    until(lambda: [*whole, *resumed.ids] == told)


def stalled(port: int, secret: str) -> socket.socket:
    """A stream of which only the head is read, and that takes little by itself."""
    caller = socket.socket()
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    caller.connect(("127.0.0.1", port))
    caller.sendall(f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret}\r\n\r\n".encode())
    head = b""
    while b"retry:" not in head:
        head += caller.recv(1_024)
    return caller


@pytest.fixture
def wire() -> Iterator[Wire]:
    store = urlsplit(os.environ["DATABASE_URL"])
    with wire_to(store.hostname or "", store.port or 5432) as wire:
        yield wire


def through(address: str, port: int) -> str:
    """The same store, by way of a wire."""
    parts = urlsplit(address)
    user, at, _host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{port}"))


def test_while_postgresql_is_away_open_streams_wait_and_none_is_opened(
    wire: Wire, tmp_path: Path, redis: "redis_py.Redis"
) -> None:
    environ = {"DATABASE_URL": through(database_url(), wire.port)}
    with stream_process(tmp_path, environ=environ) as process:
        known, ending = ApiKeyFactory(), ApiKeyFactory()
        open_ones = [listening(process.port, key.secret) for key in (known, ending)]
        wire.cut()
        until(lambda: call(process.port, known.secret).status == 503)
        revoke_key(key_id=ending.pk, now=timezone.now())
        told = [tell().sequence for _ in range(3)]
        wire.mend()
        until(lambda: open_ones[0].ids == told)
        assert open_ones[1].ended.wait(5)
        assert open_ones[1].ids == []
        until(lambda: call(process.port, known.secret).status == 200)


def test_while_postgresql_hangs_nobody_waits_for_it_and_afterwards_nothing_is_missing(
    wire: Wire, tmp_path: Path, redis: "redis_py.Redis"
) -> None:
    environ = {"DATABASE_URL": through(database_url(), wire.port)}
    with stream_process(tmp_path, environ=environ) as process:
        key = ApiKeyFactory()
        caller = listening(process.port, key.secret)
        wire.freeze()
        until(lambda: call(process.port, key.secret).status == 503)
        until(lambda: not redis.exists(READING), seconds=HOLD_SECONDS + 20)
        told = [tell().sequence for _ in range(3)]
        wire.thaw()
        until(lambda: caller.ids == told)
        until(lambda: call(process.port, key.secret).status == 200)


def test_while_redis_is_away_open_streams_go_on_and_none_is_opened(tmp_path: Path, redis: "redis_py.Redis") -> None:
    store = urlsplit(os.environ["REDIS_URL"])
    key = ApiKeyFactory()
    with wire_to(store.hostname or "", store.port or 6379) as wire:
        environ = {"REDIS_URL": through(os.environ["REDIS_URL"], wire.port)}
        with stream_process(tmp_path, environ=environ) as process:
            caller = listening(process.port, key.secret)
            wire.cut()
            answer = refused(call(process.port, key.secret))
            assert (answer["status"], answer["error"]) == (503, "service_unavailable")
            told = tell().sequence
            until(lambda: caller.ids == [told])
            wire.mend()
            until(lambda: call(process.port, key.secret).status == 200)


@needs_caddy
def test_behind_the_front_each_block_comes_at_once_and_leaving_frees_the_place(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis: "redis_py.Redis"
) -> None:
    monkeypatch.setenv("BETEDGE_STREAM_UPSTREAM", process.address.removeprefix("http://"))
    with front("http://127.0.0.1:1", tmp_path) as port:
        caller: Caller = listening(port, ApiKeyFactory().secret, **{"Accept-Encoding": "gzip"})
        told = tell().sequence
        until(lambda: caller.ids == [told])
        assert "Content-Encoding" not in caller.headers
        caller.leave()
        until(lambda: not redis.keys("*streams*"), seconds=5)
        process.child.kill()
        answer = refused(call(port, ApiKeyFactory().secret))
        assert (answer["status"], answer["error"]) == (503, "service_unavailable")
