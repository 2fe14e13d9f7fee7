"""Notice that Redis lost what it knew, and have this process count again what it admitted before."""

import threading
import time

import redis
import structlog
from django.db import Error as DatabaseAway
from django.db import connections

from apps.access.limiter import decide
from apps.access.memory import MEMORIES
from apps.access.state import birth
from apps.core.redis import Link, link

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.25


class Watch:
    """One thread of a web process."""

    def __init__(self) -> None:
        self.seen: tuple[str, int] | None = None

    def begin(self) -> None:
        threading.Thread(target=self.go_on, name="watch", daemon=True).start()

    def go_on(self) -> None:
        while True:
            try:
                self.look(link())
            except (redis.RedisError, DatabaseAway):
                log.debug("redis or postgresql away")  # whatever comes back will be looked at
            finally:
                connections.close_all()
            time.sleep(PAUSE_SECONDS)

    def look(self, mine: Link) -> None:
        """Ask for every key that was used here; asking counts again what was lost. redis.RedisError, DatabaseAway."""
        found = (mine.run, birth(mine))
        if found == self.seen:
            return
        if self.seen is not None:
            for memory in MEMORIES.all():
                decide(mine, memory.who, secret_hash=memory.secret_hash, endpoint="other", count=False)
        self.seen = found
