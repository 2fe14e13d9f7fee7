"""May this request come in? One round trip to Redis decides on the key, its hour and its organisation's month."""

import threading
import time
from typing import Any, NamedTuple
from uuid import UUID

import redis
from django.db import Error as DatabaseAway

from apps.access import state
from apps.access.decisions import CAPPED, FORGOT, INVALID, LIMITED, LOAD, MONTH, OK, SETTLING, STALE, TURNS
from apps.access.keys import hash_secret
from apps.access.ledger import LEDGERS
from apps.access.models import ApiKey
from apps.access.state import Identity, Month, identity_of, script, short
from apps.core.postgres import POSTGRES
from apps.core.redis import TIMEOUT_SECONDS, Link

ADMIT = script("admit")
PATIENCE_MS = int(TIMEOUT_SECONDS * 1000)
LAST_WORDS = {OK, LIMITED, CAPPED, INVALID}
MOST_KNOWN = 100_000
NEVER_STALE = 10**15


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


_known = _Known()
_month = Month.at(0)  # the last one that Redis was in
_ahead = 0.0  # milliseconds from our monotonic clock to Redis's, at its last answer


def owner_of(secret: str) -> tuple[str, Identity | None]:
    """The secret's hash, and whose it is, whether it works or not."""
    secret_hash = hash_secret(secret)
    return secret_hash, _known.owner(secret_hash)


def decide(
    mine: Link, who: Identity, *, secret_hash: str, endpoint: str, count: bool = True, at: int | None = None
) -> Admission | None:
    """Decide over this link; None for a key that does not work. `count` False only looks.

    `at` puts a test's milliseconds in the place of Redis's clock. redis.RedisError when Redis is away; DatabaseError
    when PostgreSQL is, and Redis does not know the key.
    """
    global _ahead
    retried, trusting = False, POSTGRES.away
    for _ in range(TURNS):
        month, ledger = _month, LEDGERS.held.get(who.key)
        try:
            run = mine.run
            epoch = ledger.epoch if ledger is not None else ""  # read first: once it is the new one, the ledger owes
            if ledger is not None and ledger.owes:
                ledger.settle(mine)
            reply = mine.call(
                ADMIT,
                (who.state(run), who.window, who.month(month.name), who.usages),
                (
                    short(secret_hash),
                    1 if count else 0,
                    month.start,
                    month.end,
                    f"{who.key}|{endpoint}|",
                    run,
                    epoch,
                    NEVER_STALE if trusting else state.HOLD_MS,
                    int(time.monotonic() * 1000 + _ahead) + PATIENCE_MS,
                    "" if at is None else at,
                ),
            )
            if at is None:
                _ahead = reply[1] - time.monotonic() * 1000
            decision = reply[0]
            if decision == STALE:
                trusting = not renewed(mine, who, reply[1], run=run)
            if decision not in LAST_WORDS:
                mend(mine, who, reply, run=run)
                continue
        except redis.ConnectionError:
            if retried:
                raise
            retried = True  # an old connection, of which nobody had said that the far end is gone
            continue
        except ApiKey.DoesNotExist:
            return None
        if decision == INVALID:
            return None
        if decision == OK and count:
            (ledger or LEDGERS.open(who)).admit(endpoint, reply[1], reply[-1])
        return admission(reply, who, endpoint, month)
    raise redis.RedisError("Redis forgets faster than it is told.")


def mend(mine: Link, who: Identity, reply: list[Any], *, run: str) -> None:
    """Give Redis what it lacked to decide, or wait until it may. For LATE its clock is known by now."""
    global _month
    decision, now = reply[:2]
    if decision == MONTH:
        _month = Month.at(now)
    elif decision == FORGOT:
        LEDGERS.open(who).settle(mine)
    elif decision == SETTLING:
        time.sleep(reply[2] / 1000)
    elif decision == LOAD:
        state.load_state(mine, who, run=run, now=now)


def renewed(mine: Link, who: Identity, now: int, *, run: str) -> bool:
    """Whether PostgreSQL said what the key's state is; what cannot be asked cannot have changed it."""
    try:
        state.load_state(mine, who, run=run, now=now, renew=True)
    except DatabaseAway:
        return False
    return True


def admission(reply: list[Any], who: Identity, endpoint: str, month: Month) -> Admission:
    """The script's answer in the units of the contract."""
    decision, now, tier, limit, counted, reset, quota, used, oldest, newest, _ = reply
    again = {LIMITED: reset, CAPPED: month.end}.get(decision, now)
    return Admission(
        decision,
        who,
        endpoint,
        now,
        tier,
        limit,
        max(0, limit - counted),
        -(-reset // 1000),
        quota,
        used,
        month.end // 1000,
        -((now - again) // 1000),
        Held(counted, oldest, newest),
    )
