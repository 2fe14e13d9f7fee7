"""The limiter under many hands: exact over processes, killed ones too; seeded when Redis forgot; revived by no file."""

import multiprocessing
import os
import signal
from collections import Counter
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from redis import RedisError

from apps.access import limiter, state
from apps.access.decisions import CAPPED, LIMITED, OK
from apps.access.draining import drain
from apps.access.keys import hash_secret
from apps.access.ledger import Ledgers
from apps.access.limiter import decide
from apps.access.models import ApiKey, UsageMonth
from apps.access.services import revoke_key
from apps.accounts.services import organization_on_tier
from apps.core.redis import Link, link
from tests.access.conftest import Server
from tests.access.counting import ask, owner, redis_now_ms
from tests.factories import ApiKeyFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis")]
FORK = multiprocessing.get_context("fork")  # 16 fresh interpreters would take longer than what they are to do


def asked(key: ApiKey) -> int | None:
    """What the key meets now; None: it does not work."""
    found = decide(link(), owner(key), secret_hash=hash_secret(key.secret), endpoint="picks")
    return found and found.decision


def knock(key: ApiKey, times: int, ready: Any, told: Any) -> None:
    mine, decisions = Link(settings.REDIS_URL), Counter()
    ready.wait()
    for _ in range(times):
        found = decide(mine, owner(key), secret_hash=hash_secret(key.secret), endpoint="picks")
        decisions[found.decision if found else None] += 1
    told.put(decisions)


def test_sixteen_processes_admit_exactly_what_is_allowed() -> None:
    key, ready, told = ApiKeyFactory(tier="starter"), FORK.Barrier(16), FORK.Queue()
    ask(key)  # its state is in Redis: the processes need no database
    processes = [FORK.Process(target=knock, args=(key, 50, ready, told)) for _ in range(16)]
    for process in processes:
        process.start()
    total = sum((told.get(timeout=60) for _ in processes), Counter())
    for process in processes:
        process.join()
    assert total == {OK: 99, LIMITED: 701}


def test_killed_processes_leave_no_request_too_many() -> None:
    key, ready, told = ApiKeyFactory(tier="enterprise"), FORK.Barrier(9), FORK.Queue()
    ask(key)
    processes = [FORK.Process(target=knock, args=(key, 1_000_000, ready, told)) for _ in range(8)]
    for process in processes:
        process.start()
    ready.wait()
    for process in processes:
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    assert 1 < link().send("LLEN", owner(key).window) <= 10_000
    while asked(key) == OK:
        pass
    assert link().send("LLEN", owner(key).window) == 10_000


def test_a_retry_is_admitted_when_it_was_told_and_not_a_second_earlier() -> None:
    key, now = ApiKeyFactory(tier="starter"), redis_now_ms()
    for n in range(100):
        ask(key, at=now + n * 7)
    refused = ask(key, at=now + 1234)
    assert refused.decision == LIMITED
    early, late = (now + 1234 + 1000 * (refused.retry_after - seconds) for seconds in (1, 0))
    assert ask(key, at=early).decision == LIMITED
    assert ask(key, at=late).decision == OK


def test_the_keys_of_an_organisation_share_its_month() -> None:
    key = ApiKeyFactory(tier="starter")
    other = ApiKeyFactory(organization=key.organization)
    UsageMonth.objects.create(organization=key.organization, month=timezone.now().date().replace(day=1), counted=9_998)
    first, second, third = ask(key), ask(other), ask(key)
    assert (first.quota_remaining, second.quota_remaining) == (1, 0)
    assert third.decision == ask(other).decision == CAPPED
    assert link().send("LLEN", owner(key).window) == 1


def test_a_change_of_tier_holds_from_the_next_request_on_and_resets_when_there_is_room() -> None:
    key, now = ApiKeyFactory(tier="growth"), redis_now_ms() - 1_000_000
    for n in range(150):
        ask(key, at=now + n * 1000)
    organization_on_tier(name=key.organization.name, tier="starter", now=timezone.now())
    found = ask(key, at=now + 150_000)
    assert (found.decision, found.limit, found.remaining) == (LIMITED, 100, 0)
    assert found.reset == -(-(now + 50 * 1000 + 3_600_000) // 1000)  # 51 have to leave, of whom this is the last
    assert ask(key, at=now + 150_000 + found.retry_after * 1000).decision == OK


def test_an_emptied_redis_is_filled_up_from_what_postgresql_has() -> None:
    key = ApiKeyFactory(tier="starter")
    last = [ask(key).at for _ in range(60)][-1]
    while redis_now_ms() == last:
        pass
    drain()
    link().send("FLUSHALL")
    found = ask(key)
    assert (found.decision, found.remaining, found.quota_remaining) == (OK, 39, 10_000 - 61)
    assert Counter(asked(key) for _ in range(50)) == {OK: 39, LIMITED: 11}


def test_what_redis_lost_before_postgresql_had_it_is_remembered_by_those_who_admitted_it(monkeypatch) -> None:
    key, processes = ApiKeyFactory(tier="starter"), [Ledgers(), Ledgers()]
    drain()

    def asked_by(process: int) -> int | None:
        monkeypatch.setattr(limiter, "LEDGERS", processes[process])
        return asked(key)

    for each in processes:
        each.look(link())
    assert [asked_by(n % 2) for n in range(60)] == [OK] * 60
    link().send("FLUSHALL")
    drain()  # which finds nothing, and knows nothing of what is lost
    processes[1].look(link())
    assert asked_by(0) == OK
    assert link().send("LLEN", owner(key).window) == 61
    assert Counter(asked_by(n % 2) for n in range(50)) == {OK: 39, LIMITED: 11}


@pytest.mark.parametrize(("tier", "most"), [("starter", 2_048), ("enterprise", 110_000)])
def test_a_key_at_its_limit_takes_little_of_redis(redis, tier, most) -> None:
    key = ApiKeyFactory(tier=tier)
    while ask(key).decision == OK:
        pass
    names = redis.keys(f"{owner(key).tag}*")
    assert len(names) >= 5  # state, window, month, usage of a minute, and which usage there is
    assert sum(redis.memory_usage(name, samples=0) for name in names) <= most


def test_a_redis_that_forgot_its_scripts_is_told_them_again() -> None:
    key = ApiKeyFactory(tier="starter")
    assert ask(key).remaining == 99
    link().send("SCRIPT", "FLUSH")
    assert ask(key).remaining == 98


def test_a_request_that_nobody_waits_for_any_more_is_not_counted(monkeypatch) -> None:
    key = ApiKeyFactory(tier="starter")
    assert ask(key).remaining == 99
    monkeypatch.setattr(limiter, "_ahead", limiter._ahead - 2_000)  # as if it had lain in Redis's socket for 2 s
    monkeypatch.setattr(limiter, "TURNS", 1)
    with pytest.raises(RedisError):
        asked(key)
    monkeypatch.undo()
    assert ask(key).remaining == 98


def test_a_state_that_is_loaded_again_leaves_the_window_as_it_is() -> None:
    key = ApiKeyFactory(tier="starter")
    for _ in range(30):
        ask(key)
    drain()
    link().send("DEL", owner(key).state(link().run))
    assert ask(key).remaining == 69


def test_an_old_file_revives_no_revoked_key_and_keeps_the_window(server: Server) -> None:
    key, other = ApiKeyFactory(tier="starter"), ApiKeyFactory(tier="starter")
    for _ in range(20):
        assert asked(key) == asked(other) == OK
    server.save()
    revoke_key(key_id=key.pk, now=timezone.now())
    server.kill()
    server.start()
    link().close()
    assert link().send("LLEN", owner(key).window) == 20  # the old file is there
    assert asked(key) is None
    assert ask(other).remaining == 79


def test_a_key_revoked_while_redis_is_away_stays_so_when_it_is_back(server: Server) -> None:
    key = ApiKeyFactory()
    assert asked(key) == OK
    server.save()
    server.kill()
    revoke_key(key_id=key.pk, now=timezone.now())
    server.start()
    assert asked(key) is None


def test_a_slow_loader_does_not_overwrite_a_revocation(monkeypatch: pytest.MonkeyPatch) -> None:
    key = ApiKeyFactory()
    read = state.state_fields

    def revoked_meanwhile(*args: Any) -> Any:
        fields = read(*args)
        monkeypatch.undo()
        revoke_key(key_id=key.pk, now=timezone.now())
        return fields

    monkeypatch.setattr(state, "state_fields", revoked_meanwhile)
    assert asked(key) is None
    assert asked(key) is None


def test_a_key_revoked_while_redis_stands_still_is_refused_when_it_goes_on(server: Server, monkeypatch) -> None:
    """Its process is stopped, not ended: all it held is still there."""
    monkeypatch.setattr(state, "HOLD_MS", 1_500)
    key = ApiKeyFactory()
    assert asked(key) == OK
    with server.standing_still():
        revoke_key(key_id=key.pk, now=timezone.now())
    assert asked(key) is None
