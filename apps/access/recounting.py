"""Count in Redis what was served without its knowing, or what it has forgotten since."""

import time
import uuid
from dataclasses import dataclass, field

import redis

from apps.access.decisions import LOAD, MONTH, OK, TURNS
from apps.access.state import Identity, Month, load_state, script
from apps.core.redis import Link

RECOUNT = script("recount")


@dataclass
class Batch:
    """Requests of one key to one endpoint; its id keeps Redis from counting them twice."""

    who: Identity
    endpoint: str
    served: int
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


def recount(mine: Link, batch: Batch) -> None:
    """Put a batch into window, month and usage, as of now by Redis's clock. redis.RedisError; DatabaseError."""
    who, month = batch.who, Month.at(round(time.time() * 1000))
    for _ in range(TURNS):
        run = mine.run
        keys = [who.state(run), who.window, who.month(month.name), who.usages, f"{who.tag}batch:{batch.id}"]
        counter = f"{who.key}|{batch.endpoint}|counted"
        decision, now = mine.call(RECOUNT, keys, [batch.served, month.start, month.end, counter])
        if decision == OK:
            return
        if decision == MONTH:
            month = Month.at(now)
        elif decision == LOAD:
            load_state(mine, who, run=run, now=now)
    raise redis.RedisError("Redis forgets faster than it is told.")
