"""Redis is away: a little is served, then 503, and counted when it is back. PostgreSQL is away: Redis decides alone."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from redis import RedisError

from apps.access import state
from apps.access.draining import drain
from apps.access.ledger import LEDGERS
from apps.access.models import ApiKey
from apps.access.outage import decide_alone
from apps.access.queries import errors_of, month_used
from apps.access.services import revoke_key
from apps.accounts.tiers import TIERS
from apps.core.redis import Link, link
from tests.access.conftest import Server
from tests.access.counting import ask as counted
from tests.access.counting import owner
from tests.factories import ApiKeyFactory, OrganizationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask() -> Callable[[ApiKey], tuple[int, int]]:
    """The answer's status, and what it says is left of the hour."""
    caller = Client(raise_request_exception=False)

    def get(key: ApiKey) -> tuple[int, int]:
        response = caller.get("/api/v1/picks", headers={"Authorization": f"Bearer {key.secret}"})
        if response.status_code == 503:
            assert int(response["Retry-After"]) > 0
            assert response.json()["error"] == "service_unavailable"
        return response.status_code, int(response.get("X-RateLimit-Remaining", -1))

    return get


def settled() -> bool:
    """What the thread of a web process does four times a second, until Redis has counted everything; within 5 s."""
    deadline = time.monotonic() + 5
    while any(ledger.owes for ledger in LEDGERS.held.values()):
        assert time.monotonic() < deadline
        with suppress(RedisError):
            LEDGERS.look(link())
    return True


@pytest.mark.parametrize(("tier", "share"), [("starter", 1), ("growth", 9), ("enterprise", 84)])
def test_without_redis_a_share_of_a_minute_is_served_and_counted_later(server: Server, ask, tier, share) -> None:
    key = ApiKeyFactory(tier=tier)
    assert ask(key)[0] == 200
    server.save()
    server.kill()
    assert [ask(key)[0] for _ in range(share + 3)] == [200] * share + [503] * 3
    server.start()
    assert settled()
    assert ask(key) == (200, TIERS[tier].hourly - share - 2)
    assert drain() == 1
    assert month_used(key.organization_id, timezone.now()) == share + 2


def test_what_was_served_without_redis_counts_though_redis_forgot_everything(server: Server, ask) -> None:
    key = ApiKeyFactory(tier="growth")
    assert ask(key)[0] == 200
    server.kill()
    assert [ask(key)[0] for _ in range(5)] == [200] * 5
    server.start()
    assert settled()
    link().close()
    assert link().send("LLEN", owner(key).window) == 6


def test_without_redis_keys_are_checked_in_postgresql(server: Server, ask) -> None:
    key, other = ApiKeyFactory(tier="enterprise"), ApiKeyFactory(tier="enterprise")
    assert ask(key)[0] == ask(other)[0] == 200
    server.kill()
    assert ask(key)[0] == ask(other)[0] == 200
    revoke_key(key_id=key.pk, now=timezone.now())
    assert (ask(key)[0], ask(other)[0]) == (401, 200)


def test_a_server_restarted_between_two_requests_is_not_noticed(server: Server, ask) -> None:
    key = ApiKeyFactory(organization=OrganizationFactory(tier="starter"))
    assert ask(key) == (200, 99)
    server.save()
    server.kill()
    server.start()
    assert ask(key) == (200, 98)
    assert not any(ledger.owes for ledger in LEDGERS.held.values())


@pytest.mark.parametrize("hold", [10_000, 0])
def test_without_postgresql_a_key_that_redis_knows_is_still_decided_on(server: Server, ask, monkeypatch, hold) -> None:
    key, stranger = ApiKeyFactory(tier="starter"), ApiKeyFactory(tier="starter")
    assert ask(key) == (200, 99)
    connections.close_all()
    with monkeypatch.context() as patched:
        patched.setattr(state, "HOLD_MS", hold)  # however old what Redis knows is
        patched.setitem(connections.settings["default"], "PORT", 1)
        assert ask(key) == (503, 98)  # admitted; the page itself needs the database
        assert ask(stranger) == (503, -1)
    connections.close_all()
    assert ask(key) == (200, 97)


def test_what_is_left_is_never_less_than_nothing(server: Server) -> None:
    """A downgrade in an outage leaves more spent than the share of the lower tier."""
    key = ApiKeyFactory(tier="starter")
    ledger = LEDGERS.open(owner(key))
    for _ in range(50):
        ledger.spend("picks", share=84)
    admission = decide_alone(secret=key.secret, who=owner(key), endpoint="picks", count=False, now=timezone.now())
    assert admission
    assert admission.remaining == 0


def test_a_deleted_key_owes_nothing(server: Server) -> None:
    key = ApiKeyFactory()
    who = owner(key)
    LEDGERS.open(who).spend("picks", share=84)
    key.delete()
    LEDGERS.look(link())
    assert who.key not in LEDGERS.held


def test_what_postgresql_has_is_not_kept_in_the_ledgers(server: Server) -> None:
    key = ApiKeyFactory()
    for _ in range(5):
        counted(key)
    LEDGERS.look(link())
    ledger = LEDGERS.held[owner(key).key]
    assert ledger.newest > 0
    time.sleep(0.01)  # the drain begins a millisecond later
    drain()
    LEDGERS.forgets_at = 0.0
    LEDGERS.look(link())
    assert ledger.newest == 0
    assert not ledger.admitted


def test_only_a_refused_connection_says_that_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as full:
        host, port = full.getsockname()
        threading.Thread(target=lambda: full.accept()[0].close(), daemon=True).start()
        assert not state.nobody_listens(failure(f"redis://{host}:{port}"))
    assert state.nobody_listens(failure(f"redis://{host}:{port}"))


def failure(url: str) -> RedisError:
    with pytest.raises(RedisError) as raised:
        Link(url).send("PING")
    return raised.value


def test_errors_answered_without_redis_are_told_when_it_is_back(server: Server) -> None:
    key = ApiKeyFactory()
    caller = Client(raise_request_exception=False)

    def status(path: str) -> int:
        return caller.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {key.secret}"}).status_code

    assert status("picks") == 200
    server.kill()
    assert [status(path) for path in ("picks", "picks?limit=x", "picks?limit=0", "nothing")] == [200, 400, 400, 404]
    server.start()
    assert settled()
    drain()
    told = {hour.endpoint: (hour.accepted, hour.refused) for hour in key.usage.all()}
    assert told == {"picks": (2, 2), "other": (0, 1)}
    assert [error.code for error in errors_of(key.organization, key_id=key.pk)].count("invalid_parameter") == 2
