"""What this process admitted in the last minute, in case Redis loses it before PostgreSQL has it.

Redis names each beginning of a key's state: its epoch. A process that knew another one counts again what it admitted
since the last moment of which Redis or PostgreSQL still knows, before it asks for more. A thread (`watch.py`) looks
whether Redis was emptied or started again, so that all processes have done so before any of them admits.
"""

import threading
from collections import deque

from apps.access.recounting import Batch, recount
from apps.access.state import Identity
from apps.core.redis import Link

KEPT_MS = 60_000  # usage is in PostgreSQL after some seconds
MOST_KEYS = 100_000


class Memory:
    """Of one key: the epoch it was admitted in, and when, in Redis's milliseconds."""

    __slots__ = ("admitted", "epoch", "lock", "secret_hash", "who")

    def __init__(self, who: Identity, secret_hash: str, epoch: str) -> None:
        self.who = who
        self.secret_hash = secret_hash
        self.epoch = epoch
        self.admitted: deque[int] = deque()
        self.lock = threading.Lock()

    def add(self, now: int) -> None:
        with self.lock:
            self.admitted.append(now)
            while self.admitted[0] < now - KEPT_MS:
                self.admitted.popleft()


class Memories:
    """Of all keys of this process."""

    def __init__(self) -> None:
        self.of: dict[str, Memory] = {}
        self.lock = threading.Lock()

    def all(self) -> list[Memory]:
        with self.lock:
            return list(self.of.values())

    def epoch(self, who: Identity) -> str:
        """The one the process knows the key in; empty: none."""
        mine = self.of.get(who.key)
        return mine.epoch if mine else ""

    def add(self, who: Identity, secret_hash: str, epoch: str, now: int) -> None:
        mine = self.of.get(who.key)
        if mine is None:
            with self.lock:
                while len(self.of) >= MOST_KEYS:
                    del self.of[next(iter(self.of))]
                mine = self.of.setdefault(who.key, Memory(who, secret_hash, epoch))
        mine.add(now)

    def remind(self, connection: Link, who: Identity, *, epoch: str, since: int, now: int, endpoint: str) -> None:
        """Count again what was admitted from `since` on, once, and go on in the new epoch. redis.RedisError."""
        mine = self.of[who.key]
        with mine.lock:
            if mine.epoch == epoch:
                return
            lost = sum(max(since, now - KEPT_MS) <= each <= now for each in mine.admitted)
            if lost:
                recount(connection, Batch(who, endpoint, lost))
            mine.admitted.clear()
            mine.epoch = epoch


MEMORIES = Memories()
