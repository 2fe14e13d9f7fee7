"""Redis is away: keys are checked in PostgreSQL, and this process serves each key a little, which is counted later.

The little is the key's share of one minute, divided by the web processes, once an outage. It is renewed when Redis is
back and has counted what was served.
"""

import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import redis
import structlog
from django.conf import settings
from django.db import Error as DatabaseAway
from django.db import connections

from apps.access.decisions import CAPPED, OK, SPENT
from apps.access.limiter import Admission, Held
from apps.access.models import ApiKey
from apps.access.queries import month_used, working_key
from apps.access.recounting import Batch, recount
from apps.access.state import Identity, Month, milliseconds
from apps.accounts.tiers import TIERS, Tier
from apps.core.redis import Link, link

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5  # after which an outage is worth another look
PAUSE_SECONDS = 0.5
REST_SECONDS = 1.0


@dataclass
class Purse:
    """What a key may still be served in this outage, and what it was."""

    who: Identity
    left: int
    served: "Counter[str]" = field(default_factory=Counter)
    batches: list[Batch] = field(default_factory=list)

    def pack(self) -> None:
        """Close what was served so far into batches, which from now on stay as they are."""
        self.batches += [Batch(self.who, endpoint, served) for endpoint, served in self.served.items()]
        self.served.clear()


class Purses:
    """The purses of this process, and the thread that has them counted as soon as Redis answers."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held: dict[UUID, Purse] = {}
        self.keeper: threading.Thread | None = None
        self.asleep_until = 0.0

    @property
    def redis_sleeps(self) -> bool:
        """Whether Redis is left alone: it did not answer just now, and not every caller shall wait for that."""
        return time.monotonic() < self.asleep_until

    def redis_failed(self) -> None:
        self.asleep_until = time.monotonic() + REST_SECONDS

    def left(self, who: Identity, tier: Tier) -> int:
        with self.lock:
            return self.held[who.key_id].left if who.key_id in self.held else share(tier)

    def take(self, who: Identity, tier: Tier, endpoint: str) -> bool:
        """One request out of the key's purse, if there is one left."""
        with self.lock:
            purse = self.held.setdefault(who.key_id, Purse(who, share(tier)))
            if purse.left == 0:
                return False
            purse.left -= 1
            purse.served[endpoint] += 1
            if self.keeper is None or not self.keeper.is_alive():
                self.keeper = threading.Thread(target=self.keep, name="recount", daemon=True)
                self.keeper.start()
            return True

    def keep(self) -> None:
        """Try twice a second until Redis has counted everything."""
        while True:
            time.sleep(PAUSE_SECONDS)
            try:
                self.settle(link())
            except (redis.RedisError, DatabaseAway):
                continue  # still away
            finally:
                connections.close_all()
            with self.lock:
                if not self.held:
                    self.keeper = None
                    return

    def settle(self, mine: Link) -> None:
        """Have every purse counted and renewed; what a deleted key was served is dropped.

        redis.RedisError or DatabaseError: to be tried again; nothing is counted twice.
        """
        with self.lock:
            purses = list(self.held.values())
            for purse in purses:
                purse.pack()
        for purse in purses:
            while purse.batches:
                with suppress(ApiKey.DoesNotExist):
                    recount(mine, purse.batches[0])
                del purse.batches[0]
            self.asleep_until = 0.0  # before the purse is renewed
            with self.lock:
                if not purse.served:
                    del self.held[purse.who.key_id]


PURSES = Purses()


def share(tier: Tier) -> int:
    """What one web process may serve of a key in an outage."""
    return -(-tier.hourly // (60 * settings.WEB_WORKERS))


def decide_alone(
    *, secret: str, secret_hash: str, who: Identity, endpoint: str, count: bool, now: datetime
) -> Admission | None:
    """What limiter.decide says, without Redis; None for a key that does not work. DatabaseError with no PostgreSQL."""
    key = working_key(secret=secret, now=now)
    if key is None:
        return None
    tier = TIERS[key.organization.tier]
    moment = milliseconds(now)
    month = Month.at(moment)
    used = month_used(who.organization_id, now)
    decision = OK
    if count and used >= tier.monthly:
        decision = CAPPED
    elif count and not PURSES.take(who, tier, endpoint):
        decision = SPENT
    again = {CAPPED: -((moment - month.end) // 1000), SPENT: RETRY_SECONDS}.get(decision, 0)
    left = PURSES.left(who, tier)
    return Admission(
        decision,
        who,
        secret_hash,
        endpoint,
        0,
        tier.slug,
        tier.hourly,
        left,
        moment // 1000 + RETRY_SECONDS,
        tier.monthly,
        used,
        month.end // 1000,
        again,
        Held(tier.hourly - left, 0, 0),
    )
