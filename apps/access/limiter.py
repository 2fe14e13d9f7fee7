"""May this request come in? One round trip to Redis decides on the key, its hour and its organisation's month."""

import threading
import time
from typing import NamedTuple
from uuid import UUID

import redis
from django.db import Error as DatabaseAway

from apps.access import state
from apps.access.decisions import CAPPED, FORGOT, INVALID, LIMITED, LOAD, MONTH, OK, SETTLING, STALE, TURNS
from apps.access.keys import hash_secret
from apps.access.memory import MEMORIES
from apps.access.models import ApiKey
from apps.access.state import Identity, Month, identity_of, script
from apps.core.redis import Link

ADMIT = script("admit")
MOST_KNOWN = 100_000
NEVER_STALE = 10**15
REST_SECONDS = 1.0


class Held(NamedTuple):
    """What the window holds; oldest and newest are milliseconds, told only of one that refuses, else 0."""

    size: int
    oldest: int
    newest: int


class Admission(NamedTuple):
    """What was decided on a request with a working key, and the numbers its answer carries.

    decision: OK, LIMITED (hour), CAPPED (month) or SPENT. at: Redis's millisecond; 0 when Redis is away and the budget
    of the process decided. reset, quota_reset: Unix seconds, rounded up. retry_after: seconds, rounded up; 0 when
    admitted.
    """

    decision: int
    who: Identity
    secret_hash: str
    endpoint: str
    at: int
    tier: str
    limit: int
    remaining: int
    reset: int
    quota_limit: int
    quota_used: int
    quota_reset: int
    retry_after: int
    window: Held

    @property
    def quota_remaining(self) -> int:
        return max(0, self.quota_limit - self.quota_used)

    @property
    def organization_id(self) -> UUID:
        return self.who.organization_id

    @property
    def key_id(self) -> UUID:
        return self.who.key_id


class _Known:
    """Whose secrets are, as far as this process has met them. Only secrets that exist are kept, so none grows stale."""

    def __init__(self) -> None:
        self.owners: dict[str, Identity] = {}
        self.lock = threading.Lock()

    def owner(self, secret_hash: str) -> Identity | None:
        found = self.owners.get(secret_hash) or identity_of(secret_hash)
        if found and secret_hash not in self.owners:
            with self.lock:
                while len(self.owners) >= MOST_KNOWN:
                    del self.owners[next(iter(self.owners))]
                self.owners[secret_hash] = found
        return found


class _Postgres:
    """Whether it is worth asking whether a state still holds."""

    rests_until = 0.0

    @classmethod
    def rests(cls) -> bool:
        return time.monotonic() < cls.rests_until

    @classmethod
    def failed(cls) -> None:
        cls.rests_until = time.monotonic() + REST_SECONDS


_known = _Known()
_month = Month.at(0)  # the last one that Redis was in


def owner_of(secret: str) -> tuple[str, Identity | None]:
    """The secret's hash, and whose it is, whether it works or not."""
    secret_hash = hash_secret(secret)
    return secret_hash, _known.owner(secret_hash)


def decide(
    mine: Link, who: Identity, *, secret_hash: str, endpoint: str, count: bool = True, at: int | None = None
) -> Admission | None:
    """Decide over this link; None for a key that does not work. `count` False only looks.

    `at` puts a test's milliseconds in the place of Redis's clock. redis.RedisError when Redis is away.
    """
    global _month
    for turn in range(TURNS):
        month = _month
        try:
            run = mine.run
            reply = mine.call(
                ADMIT,
                (who.state(run), who.window, who.month(month.name), who.usages),
                (
                    secret_hash,
                    int(count),
                    month.start,
                    month.end,
                    f"{who.key}|{endpoint}|",
                    MEMORIES.epoch(who),
                    NEVER_STALE if _Postgres.rests() else state.HOLD_MS,
                    "" if at is None else at,
                ),
            )
        except redis.ConnectionError:
            if turn:
                raise
            continue  # an old connection, of which nobody had said that the far end is gone
        decision = reply[0]
        if decision == MONTH:
            _month = Month.at(reply[1])
        elif decision in (LOAD, STALE):
            try:
                state.load_state(mine, who, run=run, now=reply[1], renew=decision == STALE)
            except ApiKey.DoesNotExist:
                return None
            except DatabaseAway:
                if decision == LOAD:
                    raise
                _Postgres.failed()  # what it cannot be asked, it cannot have changed
        elif decision == INVALID:
            return None
        elif decision == FORGOT:
            _, now, epoch, since = reply
            MEMORIES.remind(mine, who, epoch=epoch, since=since, now=now, endpoint=endpoint)
        elif decision == SETTLING:
            time.sleep(min(reply[2] - reply[1], state.SETTLE_MS) / 1000)
        else:
            if decision == OK and count:
                MEMORIES.add(who, secret_hash, reply[-1], reply[1])
            return admission(reply, who, secret_hash, endpoint, month)
    raise redis.RedisError("Redis forgets faster than it is told.")


def admission(reply: list[int], who: Identity, secret_hash: str, endpoint: str, month: Month) -> Admission:
    """The script's answer in the units of the contract."""
    decision, now, tier, limit, counted, reset, quota, used, oldest, newest, _ = reply
    again = {LIMITED: reset, CAPPED: month.end}.get(decision, now)
    return Admission(
        decision,
        who,
        secret_hash,
        endpoint,
        now,
        str(tier),
        limit,
        max(0, limit - counted),
        -(-reset // 1000),
        quota,
        used,
        month.end // 1000,
        -((now - again) // 1000),
        Held(counted, oldest, newest),
    )
