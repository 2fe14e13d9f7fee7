"""Usage: what Redis counts arrives in PostgreSQL, once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import OperationalError, connection
from django.db.models import Sum
from django.utils import timezone

from apps.access import draining
from apps.access.draining import drain
from apps.access.keys import hash_secret
from apps.access.models import ApiError, ApiKey, ApiSecret, UsageHour, UsageMinute, UsageMonth
from apps.access.queries import month_used, recent_usage, usage_by_hour, usage_drain, usage_known_until
from apps.access.retention import forget_usage
from apps.access.services import rotate_key
from apps.access.state import counters_of, instant
from apps.core.redis import link
from tests.access.counting import ask, fail, owner, redis_now_ms
from tests.factories import ApiKeyFactory
from tests.together import at_once
from tests.web import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]

MINUTE = 60_000
STEPS = ["write_counts", "write_last_uses", "write_errors", "forget"]


def a_minute_ago() -> int:
    """The first millisecond of the minute that is over, by Redis's clock."""
    return (redis_now_ms() // MINUTE - 1) * MINUTE


def the_counter(redis: Any, key: ApiKey) -> str:
    """The name of the only counter of the key's organisation."""
    registry = counters_of(key.organization_id)
    (name,) = redis.smembers(registry)
    return f"{registry}:{name}"


def hours() -> list[tuple[str, int, int, int, int, int]]:
    rows = UsageHour.objects.order_by("endpoint")
    return list(rows.values_list("endpoint", "counted", "accepted", "limited", "refused", "failed"))


def test_requests_arrive_by_key_hour_endpoint_and_outcome() -> None:
    key, at = ApiKeyFactory(tier="starter"), a_minute_ago()
    for n in range(101):
        ask(key, at=at + n)
    ask(key, at=at + 200, endpoint="track-record")
    fail(key, at=at)
    fail(key, at=at, status=500, code="internal_error")
    fail(key, at=at, status=500, code="internal_error")
    assert drain() == 1
    assert hours() == [("picks", 100, 97, 1, 1, 2), ("track-record", 0, 0, 1, 0, 0)]
    assert month_used(key.organization_id, instant(at)) == 100


def test_draining_again_adds_only_what_is_new() -> None:
    key, at = ApiKeyFactory(), a_minute_ago()
    ask(key, at=at)
    for _ in range(3):
        drain()
    assert hours() == [("picks", 1, 1, 0, 0, 0)]
    ask(key, at=at + 1)
    drain()
    assert hours() == [("picks", 2, 2, 0, 0, 0)]
    assert month_used(key.organization_id, instant(at)) == 2


def test_a_counter_is_dropped_from_redis_once_its_minute_is_well_over(redis) -> None:
    key, now = ApiKeyFactory(), redis_now_ms()
    ask(key, at=now - 10 * MINUTE)
    ask(key, at=now)
    drain()
    assert redis.scard(counters_of(key.organization_id)) == 1
    assert [name.rpartition(":")[2] for name in redis.keys("*:u:*")] == [str(now // MINUTE)]
    drain()
    assert month_used(key.organization_id, instant(now)) == 2


def test_what_is_noted_after_its_counter_was_dropped_is_added() -> None:
    key, at = ApiKeyFactory(), redis_now_ms() - 10 * MINUTE
    ask(key, at=at)
    drain()
    fail(key, at=at)
    drain()
    assert hours() == [("picks", 1, 0, 0, 1, 0)]


def test_what_redis_counts_after_it_was_emptied_is_added_to_what_it_counted_before(redis) -> None:
    key, at = ApiKeyFactory(), a_minute_ago()
    for n in range(3):
        ask(key, at=at + n)
    drain()
    redis.flushdb()
    for n in range(3, 5):
        ask(key, at=at + n)
    drain()
    assert hours() == [("picks", 5, 5, 0, 0, 0)]


def test_an_old_file_that_brings_back_drained_counters_adds_nothing(redis) -> None:
    key, at = ApiKeyFactory(), redis_now_ms() - 10 * MINUTE
    ask(key, at=at)
    name = the_counter(redis, key)
    old = redis.dump(name)
    ask(key, at=at + 1)
    drain()
    assert not redis.exists(name)
    redis.restore(name, 0, old)
    redis.sadd(counters_of(key.organization_id), name.partition(":u:")[2])
    drain()
    assert hours() == [("picks", 2, 2, 0, 0, 0)]


def test_nobody_counts_on_from_a_number_that_an_old_file_brought_back(redis, monkeypatch) -> None:
    key, at = ApiKeyFactory(), a_minute_ago()
    ask(key, at=at)
    name = the_counter(redis, key)
    old = redis.dump(name)
    for n in range(1, 4):
        ask(key, at=at + n)
    drain()
    redis.flushdb()
    redis.restore(name, 0, old)
    redis.sadd(counters_of(key.organization_id), name.partition(":u:")[2])
    monkeypatch.setattr(link(), "_run", "f" * 12)  # as after the restart that read the file
    for n in range(4, 6):
        ask(key, at=at + n)
    drain()
    assert hours() == [("picks", 6, 6, 0, 0, 0)]


def test_a_month_ends_at_midnight_utc() -> None:
    key, turn = ApiKeyFactory(), datetime(2031, 1, 1, tzinfo=UTC)
    for late in (-1, 0, 1):
        ask(key, at=int(turn.timestamp()) * 1000 + late)
    drain()
    assert month_used(key.organization_id, turn - timedelta(seconds=1)) == 1
    assert month_used(key.organization_id, turn) == 2


def test_the_keys_of_an_organisation_share_its_month() -> None:
    one = ApiKeyFactory()
    other, at = ApiKeyFactory(organization=one.organization), a_minute_ago()
    ask(one, at=at)
    ask(other, at=at)
    drain()
    assert month_used(one.organization_id, instant(at)) == 2


def test_the_last_hour_is_told_by_minute_for_seeding() -> None:
    key, now = ApiKeyFactory(), redis_now_ms() // MINUTE * MINUTE
    for minutes_ago, times in ((62, 1), (60, 2), (59, 3), (0, 4)):
        for n in range(times):
            ask(key, at=now - minutes_ago * MINUTE + n)
    drain()
    this = now // MINUTE
    assert recent_usage(key.pk, instant(now)) == [(this - 60, 2), (this - 59, 3), (this, 4)]


def test_it_is_known_up_to_when_every_count_is_there() -> None:
    assert usage_known_until() is None
    before = redis_now_ms()
    drain()
    known = usage_known_until()
    assert known is not None
    assert instant(before) <= known <= instant(redis_now_ms())


def test_nothing_is_known_of_a_life_of_redis_that_ended_while_it_was_drained(redis, monkeypatch) -> None:
    drain()
    before, write = usage_drain(), draining.write_counts

    def emptied_meanwhile(*args: Any) -> None:
        write(*args)
        redis.flushdb()

    ask(ApiKeyFactory(), at=a_minute_ago())
    monkeypatch.setattr(draining, "write_counts", emptied_meanwhile)
    drain()
    assert before is not None
    assert usage_known_until() == before.known_until
    monkeypatch.undo()
    drain()
    after = usage_drain()
    assert after is not None
    assert (after.lost_since, after.life != before.life) == (before.known_until, True)
    assert after.known_until > before.known_until


def test_each_secret_has_its_own_last_use() -> None:
    key, at = ApiKeyFactory(), a_minute_ago()
    _, new = rotate_key(key_id=key.pk, now=instant(at))
    ask(key, at=at)
    ask(key, at=at + 5, secret=new)
    ask(key, at=at + 1_003)
    ask(key, at=at + 1_900)  # a second is exact enough
    drain()
    used = ApiSecret.objects.order_by("pk").values_list("last_used_at", flat=True)
    assert list(used) == [instant(at + 1_003), instant(at + 5)]


def test_a_counter_speaks_for_the_keys_of_its_own_organisation_only(redis) -> None:
    mine, theirs, at = ApiKeyFactory(), ApiKeyFactory(), a_minute_ago()
    ask(theirs, at=at)
    name = f"{owner(theirs).usages}:{link().run}:{at // MINUTE}"
    redis.hset(name, mapping={f"{mine.pk.hex}|picks|counted": 7, hash_secret(mine.secret)[:16]: at})
    fail(theirs, at=at)
    drain()
    assert list(usage_by_hour(mine.organization, since=instant(0), until=instant(at + MINUTE))) == []
    assert month_used(mine.organization_id, instant(at)) == 0
    assert mine.secrets.get().last_used_at is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_count_nothing_twice() -> None:
    keys, at = ApiKeyFactory.create_batch(3), redis_now_ms() - 10 * MINUTE
    for turn in range(4):
        for n, key in enumerate(keys):
            ask(key, at=at + 10 * turn + n)
            fail(key, at=at + turn)
        at_once(drain, drain, drain)
    assert hours() == [("picks", 4, 0, 0, 4, 0)] * 3
    assert ApiError.objects.count() == 12


KILL = """
import os, signal, sys
import django
django.setup()
from apps.access import draining
def die(step, when):
    whole = getattr(draining, step)
    def cut(*args, **words):
        if when == "after":
            whole(*args, **words)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(draining, step, cut)
    draining.drain()
for line in sys.stdin:
    child = os.fork()
    if not child:
        die(*line.split())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_step_neither_loses_nor_doubles_a_count() -> None:
    key, at = ApiKeyFactory(), redis_now_ms() - 10 * MINUTE
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "betedge.settings", "DATABASE_URL": urlunsplit(database)}
    steps = [(step, when) for step in STEPS for when in ("before", "after")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", KILL], env=environ, cwd=ROOT, **pipes) as killing:
        assert killing.stdin
        assert killing.stdout
        for turn, step in enumerate(steps):
            ask(key, at=at + 2 * turn)
            ask(key, at=redis_now_ms())
            fail(key, at=at + 2 * turn)
            print(*step, file=killing.stdin, flush=True)
            assert int(killing.stdout.readline()) == -signal.SIGKILL
    for _ in range(2):
        drain()
    turns = len(steps)
    total = UsageHour.objects.aggregate(counted=Sum("counted"), refused=Sum("refused"))
    assert total == {"counted": 2 * turns, "refused": turns}
    assert UsageMonth.objects.aggregate(counted=Sum("counted")) == {"counted": 2 * turns}
    assert ApiError.objects.count() == turns


def test_minutes_are_kept_for_26_hours_and_hours_for_400_days() -> None:
    key, now = ApiKeyFactory(), timezone.now()
    for age in (25, 27):
        UsageMinute.objects.create(key=key, minute=now - timedelta(hours=age), endpoint="picks", source="s")
    for age in (399, 401):
        UsageHour.objects.create(key=key, hour=now - timedelta(days=age), endpoint="picks")
    forget_usage(now=now)
    assert UsageMinute.objects.get().minute == now - timedelta(hours=25)
    assert UsageHour.objects.get().hour == now - timedelta(days=399)


def test_a_drain_that_no_database_answers_loses_nothing(monkeypatch) -> None:
    key, at = ApiKeyFactory(), redis_now_ms() - 10 * MINUTE
    ask(key, at=at)
    with monkeypatch.context() as away:
        away.setattr(draining, "write_last_uses", raises(OperationalError))
        with pytest.raises(OperationalError):
            drain()
    assert hours() == []
    drain()
    assert hours() == [("picks", 1, 1, 0, 0, 0)]


def raises(error: type[Exception]) -> Callable[..., NoReturn]:
    def fails(*_args: Any, **_words: Any) -> NoReturn:
        raise error

    return fails
