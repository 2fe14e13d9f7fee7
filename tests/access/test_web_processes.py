"""The limits over HTTP, through real web processes: killed with -9, and their Redis emptied, aged or taken away."""

import http.client
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from django.utils import timezone
from redis import Redis

from apps.access.models import ApiKey
from apps.access.services import revoke_key
from tests.access.conftest import Server, serving
from tests.factories import ApiKeyFactory, PickFactory
from tests.together import at_once
from tests.web import web_process

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("web")]

WITHIN = 5  # seconds of Redis's return until all is as before


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="module")
def web(server: Server, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[str]:
    """Two web processes on a Redis of their own, the same through all tests: no fault needs a restart."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("REDIS_URL", server.url)
        with web_process(tmp_path_factory.mktemp("web")) as address:
            yield address


def get(address: str, key: ApiKey, path: str = "/api/v1/picks") -> tuple[int, dict[str, Any]]:
    """The answer's status, 0 where nobody answered, and its body; over a connection of its own."""
    door = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    try:
        door.request("GET", path, headers={"Authorization": f"Bearer {key.secret}"})
        answer = door.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException):
        return 0, {}
    finally:
        door.close()


def statuses(address: str, key: ApiKey, times: int) -> "Counter[int]":
    return Counter(get(address, key)[0] for _ in range(times))


def used(address: str, key: ApiKey) -> tuple[int, int]:
    """How many requests stand in the key's hour, and in its organisation's month."""
    status, told = get(address, key, "/api/v1/usage")
    assert status == 200
    return told["hour"]["limit"] - told["hour"]["remaining"], told["month"]["used"]


def workers() -> list[psutil.Process]:
    """The processes of `web` that answer: those without a child of their own."""
    return [each for each in psutil.Process().children(recursive=True) if answers(each)]


def answers(process: psutil.Process) -> bool:
    try:
        return "granian" in " ".join(process.cmdline()) and not process.children()
    except psutil.Error:  # it has just been killed
        return False


def within(seconds: float, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_web_processes_killed_in_the_middle_admit_none_too_many(web: str) -> None:
    key = ApiKeyFactory(tier="starter")

    def kill() -> list[int]:
        ended = []
        for _ in range(3):
            within(20, lambda: len(workers()) >= 2)
            victim = workers()[0]
            victim.kill()
            ended.append(victim.pid)
            time.sleep(0.2)
        return ended

    *told, ended = at_once(*[lambda: statuses(web, key, 50)] * 16, kill)
    total = sum(told, Counter())
    assert len(set(ended)) == 3
    assert total.total() == 800
    assert total[200] <= 100
    within(20, lambda: get(web, key)[0] == 429)  # whoever has come back knows it as well
    assert set(total) <= {0, 200, 429}
    assert get(web, key, "/api/v1/usage")[1]["hour"]["remaining"] == 0


def test_no_request_sent_after_a_revocation_is_answered_well(web: str) -> None:
    key = ApiKeyFactory(tier="enterprise")
    PickFactory(published=True)
    assert get(web, key)[0] == 200
    returned: list[float] = []

    def hammer() -> list[tuple[float, int]]:
        told: list[tuple[float, int]] = []
        while not returned or told[-1][0] < returned[0] + 0.3:
            sent = time.monotonic()
            told.append((sent, get(web, key)[0]))
        return told

    def revoke() -> None:
        time.sleep(0.5)
        try:
            revoke_key(key_id=key.pk, now=timezone.now())
        finally:  # or the others would never end
            returned.append(time.monotonic())

    *callers, _ = at_once(*[hammer] * 8, revoke)
    told = [each for caller in callers for each in caller]
    assert {status for sent, status in told if sent < returned[0]} >= {200}
    assert {status for sent, status in told if sent >= returned[0]} <= {401, 429}  # 429: too many failed keys


def test_redis_emptied_or_aged_in_the_middle_lets_none_too_many_in(web: str, server: Server) -> None:
    emptied, aged = ApiKeyFactory(tier="starter"), ApiKeyFactory(tier="starter")
    assert statuses(web, emptied, 60) == {200: 60}
    with Redis.from_url(server.url) as redis:
        redis.flushall()
    assert statuses(web, emptied, 60) == {200: 40, 429: 20}
    assert statuses(web, aged, 30) == {200: 30}
    server.save()
    assert statuses(web, aged, 30) == {200: 30}
    assert server.valkey.child
    os.kill(server.valkey.child.pid or 0, signal.SIGKILL)
    server.kill()  # only its name: it has ended
    server.start()
    assert statuses(web, aged, 60) == {200: 40, 429: 20}
    assert statuses(web, emptied, 1) == {429: 1}


def test_without_redis_a_little_is_served_and_counted_when_it_is_back(web: str, server: Server) -> None:
    key = ApiKeyFactory(tier="growth")
    assert statuses(web, key, 10) == {200: 10}
    server.save()
    server.kill()
    away = statuses(web, key, 40)
    assert set(away) == {200, 503}
    assert away[200] <= 18  # a minute's share of 1,000, in each of two processes
    assert get(web, key, "/readyz")[1]["checks"]["redis"]["status"] != "ok"
    server.start()
    within(WITHIN, lambda: used(web, key) == (10 + away[200], 10 + away[200]))
    assert get(web, key)[0] == 200
    assert get(web, key, "/readyz")[1]["checks"]["redis"]["status"] == "ok"


def test_while_redis_stands_still_nothing_fails_and_nothing_is_lost(web: str, server: Server) -> None:
    key = ApiKeyFactory(tier="growth")
    assert statuses(web, key, 10) == {200: 10}
    with server.standing_still():
        away = statuses(web, key, 8)
    assert set(away) <= {200, 503}
    within(WITHIN, lambda: used(web, key) == (10 + away[200], 10 + away[200]))
