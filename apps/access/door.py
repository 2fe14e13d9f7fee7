"""A request knocks: Redis decides, or this process does out of a small budget while Redis is away."""

from datetime import datetime

import redis
import structlog

from apps.access import limiter
from apps.access.limiter import Admission
from apps.access.outage import decide_alone
from apps.core.away import REDIS_AWAY
from apps.core.redis import link

log = structlog.get_logger(__name__)


def admit(*, secret: str, endpoint: str, now: datetime, count: bool = True) -> Admission | None:
    """Decide on a request and count it; None for a key that does not work.

    `count` False looks only and lets pass. `now` is not asked while Redis is there: time is Redis's own.
    DatabaseError if PostgreSQL is needed (a secret new to this process, state that Redis has not, no Redis) and away.
    """
    secret_hash, who = limiter.owner_of(secret)
    if who is None:
        return None
    if not REDIS_AWAY:
        try:
            return limiter.decide(link(), who, secret_hash=secret_hash, endpoint=endpoint, count=count)
        except redis.RedisError as error:
            log.error("redis away", error=type(error).__name__, reason=str(error))
            REDIS_AWAY.found()
    return decide_alone(secret=secret, who=who, endpoint=endpoint, count=count, now=now)
