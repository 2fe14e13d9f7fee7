"""The stream as callers meet it: opening, order of checks, blocks, limits, and its end."""

import http.client
import json
import signal
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis as redis_py
from django.db import transaction
from django.utils import timezone

from apps.access.services import expire_key, revoke_key, rotate_key
from apps.api.stream.places import HOLD_MS
from apps.outbox.models import OutboxEvent
from apps.outbox.services import emit
from apps.picks.announcement import announcement
from apps.picks.services import publish_pick
from tests.factories import ApiKeyFactory, PickFactory
from tests.streams import Caller, Process, call, listening, stream_process, until
from tests.web import web_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("stream")]


@pytest.fixture
def process(tmp_path: Path, redis: "redis_py.Redis") -> Iterator[Process]:
    with stream_process(tmp_path) as process:
        yield process


def tell(event: str = "pick.published", *, at: datetime | None = None, size: int = 0) -> OutboxEvent:
    """Commit one event; `size` makes its pick about so many bytes long."""
    payload = {"id": str(uuid.uuid4()), "odds": 1.91, "pick": "Über 2.5" + "x" * size}
    with transaction.atomic():
        return emit(event, key=uuid.uuid4().hex, subject_id=uuid.uuid4(), payload=payload, at=at or timezone.now())


def refused(caller: Caller) -> dict:
    assert caller.headers["Content-Type"] == "application/json"
    assert caller.headers["Access-Control-Allow-Origin"] == "*"
    return {"status": caller.status, **json.loads(caller.answer.read())}


def test_what_is_published_arrives_as_the_reference_prints_it(process: Process) -> None:
    caller = listening(process.port, ApiKeyFactory().secret)
    assert caller.headers["Content-Type"] == "text/event-stream"
    assert caller.headers["Cache-Control"] == "no-store"
    assert caller.headers["X-RateLimit-Remaining"] == "9999"
    assert all(name in caller.headers for name in ("X-Request-Id", "X-Quota-Remaining", "Access-Control-Allow-Origin"))
    pick = PickFactory(kickoff_at=timezone.now() + timedelta(hours=5))
    publish_pick(pick_id=pick.pk, now=timezone.now(), reason="to be seen")
    until(lambda: caller.events)
    pick.refresh_from_db()
    shown = json.dumps(announcement(pick), ensure_ascii=False, separators=(",", ":"))
    sequence = OutboxEvent.objects.get().sequence
    assert caller.text.endswith(f"\n\nevent: pick.published\ndata: {shown}\nid: {sequence}\n\n")


def test_published_alone_is_told_unless_more_is_asked_for(process: Process) -> None:
    key = ApiKeyFactory()
    callers = [
        listening(process.port, key.secret, query=query)
        for query in ("", "?events=pick.settled", "?events=pick.published,pick.settled,pick.settled")
    ]
    first, second, third = (tell(event).sequence for event in ("pick.published", "pick.settled", "pick.published"))
    until(lambda: [len(caller.ids) for caller in callers] == [2, 1, 3])
    assert [caller.ids for caller in callers] == [[first, third], [second], [first, second, third]]


@pytest.mark.parametrize("query", ["?events=", "?events=pick.lost", "?events=pick.published,", "?events=PICK.SETTLED"])
def test_unknown_events_are_refused_with_those_that_are_known(process: Process, query: str) -> None:
    answer = refused(call(process.port, ApiKeyFactory().secret, query=query))
    assert (answer["status"], answer["error"]) == (400, "invalid_events")
    assert answer["allowed"] == ["pick.published", "pick.settled"]


def test_the_order_of_checks_is_that_of_every_endpoint(process: Process) -> None:
    starter, growth, enterprise = (ApiKeyFactory(tier=tier).secret for tier in ("starter", "growth", "enterprise"))
    unknown = call(process.port, "betedge_" + "0" * 64, method="POST")
    assert refused(unknown)["error"] == "invalid_api_key"
    assert unknown.headers["WWW-Authenticate"] == "Bearer"
    wrong = call(process.port, starter, method="POST")
    assert refused(wrong)["error"] == "method_not_allowed"
    assert wrong.headers["Allow"] == "GET, HEAD, OPTIONS"
    for secret, tier in ((starter, "starter"), (growth, "growth")):
        answer = refused(call(process.port, secret, query="?events=x", last="x"))
        assert (answer["status"], answer["minimum_tier"], answer["current_tier"]) == (403, "enterprise", tier)
    assert refused(call(process.port, enterprise, Host="evil.example"))["error"] == "invalid_request"
    assert refused(call(process.port, enterprise, query="?events=x", last="x"))["error"] == "invalid_events"


def test_a_used_up_hour_comes_before_all_but_the_key(process: Process) -> None:
    secret = ApiKeyFactory(tier="starter").secret
    answers = [refused(call(process.port, secret))["status"] for _ in range(101)]
    assert answers == [403] * 100 + [429]


def test_a_preflight_needs_no_key_and_head_opens_nothing(process: Process, redis: "redis_py.Redis") -> None:
    preflight = call(process.port, "", method="OPTIONS")
    assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Last-Event-ID" in preflight.headers["Access-Control-Allow-Headers"]
    secret = ApiKeyFactory().secret
    for _ in range(7):
        head = call(process.port, secret, method="HEAD")
        assert (head.status, head.headers["Content-Type"]) == (200, "text/event-stream")
        assert head.answer.read() == b""
        until(lambda: not redis.keys("*streams*"))


def test_other_paths_and_an_abandoned_body_are_answered_as_web_would(process: Process) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=20)
    for path in ("/api/v1/picks/stream/", "/api/nothing"):
        connection.request("GET", path, headers={"Authorization": f"Bearer {ApiKeyFactory().secret}"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]) == (404, "not_found")
    big = {"Authorization": f"Bearer {ApiKeyFactory().secret}"}
    connection.request("GET", "/api/v1/picks/stream", body=b"x" * 300_000, headers=big)
    assert json.loads(connection.getresponse().read())["error"] == "payload_too_large"


def test_web_itself_opens_no_stream(tmp_path: Path, redis: "redis_py.Redis") -> None:
    with web_process(tmp_path) as address:
        answer = call(int(address.rpartition(":")[2]), ApiKeyFactory().secret)
        assert refused(answer)["error"] == "service_unavailable"


def test_opening_counts_as_one_request_and_being_open_as_none(process: Process) -> None:
    key = ApiKeyFactory()
    remaining = []
    for _ in range(2):
        caller = listening(process.port, key.secret)
        tell()
        until(lambda caller=caller: caller.events)
        remaining.append(int(caller.headers["X-RateLimit-Remaining"]))
    assert remaining == [9999, 9998]


def test_a_sixth_stream_of_a_key_is_refused_wherever_the_others_are(process: Process, tmp_path: Path) -> None:
    key = ApiKeyFactory()
    with stream_process(tmp_path, name="other") as other:
        callers = [listening((process.port, other.port)[turn % 2], key.secret) for turn in range(5)]
        for port in (process.port, other.port):
            sixth = call(port, key.secret)
            answer = refused(sixth)
            assert (answer["status"], answer["error"], answer["limit"]) == (429, "stream_limit", 5)
            assert int(sixth.headers["Retry-After"]) > 0
        listening(process.port, ApiKeyFactory().secret)
        callers[1].leave()
        until(lambda: call(process.port, key.secret).status == 200)


def test_a_killed_process_leaves_no_stream_behind_in_the_count(process: Process) -> None:
    key = ApiKeyFactory()
    for _ in range(5):
        listening(process.port, key.secret)
    process.child.kill()
    process.restart()
    until(lambda: call(process.port, key.secret).status == 200, seconds=15)


def test_a_place_is_kept_for_as_long_as_its_stream_is_open(process: Process, redis: "redis_py.Redis") -> None:
    key = ApiKeyFactory()
    for _ in range(5):
        listening(process.port, key.secret)
    (places,) = redis.keys("*streams*")
    taken = dict(redis.zrange(places, 0, -1, withscores=True))
    until(lambda: all(at > taken[name] + HOLD_MS for name, at in redis.zrange(places, 0, -1, withscores=True)))
    assert call(process.port, key.secret).status == 429


def test_a_redis_that_was_emptied_is_told_of_the_open_streams_again(process: Process, redis: "redis_py.Redis") -> None:
    key = ApiKeyFactory()
    for _ in range(5):
        listening(process.port, key.secret)
    redis.flushdb()
    assert call(process.port, key.secret).status == 429
    redis.delete(*redis.keys("*streams*"))
    until(lambda: redis.keys("*streams*"))


@pytest.mark.parametrize("how", ["revoked", "expired", "tier lowered", "secret rotated away"])
def test_a_stream_ends_with_the_right_to_it(process: Process, how: str) -> None:
    key, other = ApiKeyFactory(), ApiKeyFactory()
    ending, staying = listening(process.port, key.secret), listening(process.port, other.secret)
    now = timezone.now()
    if how == "revoked":
        revoke_key(key_id=key.pk, now=now)
    elif how == "expired":
        expire_key(key_id=key.pk, at=now + timedelta(seconds=1), now=now)
    elif how == "tier lowered":
        key.organization.tier = "growth"
        key.organization.save()
    else:
        rotate_key(key_id=key.pk, now=now, grace=timedelta(seconds=1))
    assert ending.ended.wait(5)
    tell()
    until(lambda: staying.events)
    assert ending.events == []


def test_a_revoked_key_hears_nothing_of_what_comes_after(process: Process) -> None:
    for _ in range(5):
        key = ApiKeyFactory()
        caller = listening(process.port, key.secret)
        revoke_key(key_id=key.pk, now=timezone.now())
        tell()
        assert caller.ended.wait(5)
        assert caller.events == []


def test_a_process_that_is_asked_to_stop_ends_its_streams_in_order(process: Process, redis: "redis_py.Redis") -> None:
    caller = call(process.port, ApiKeyFactory().secret)
    process.child.process.send_signal(signal.SIGTERM)
    assert b"retry:" in caller.answer.read()  # IncompleteRead if it were cut
    until(lambda: not redis.keys("*streams*"), seconds=5)
    assert process.child.process.wait(10) in (0, -signal.SIGTERM)
