"""What this process let in that Redis may not know of, until Redis has counted it.

That is what was served while Redis was away, and what Redis lost before PostgreSQL had it: emptied, or started with an
old file. Redis names each beginning of a key's state, its epoch. A process that knew another one counts again what it
admitted since the last moment of which Redis or PostgreSQL still knows, before it asks for more. A thread looks whether
Redis lost what it held, so that all processes have done so before any of them admits.
"""

import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import redis
import structlog
from django.db import Error as DatabaseAway
from django.db import connections

from apps.access.decisions import LOAD, MONTH, OK, TURNS
from apps.access.models import ApiKey
from apps.access.state import Identity, Month, drained_until, epoch_of, known_before, life, load_state, now_of, script
from apps.core.away import REDIS_AWAY
from apps.core.redis import Link, Word, link

log = structlog.get_logger(__name__)

RECOUNT = script("recount")
HOUR_MS = 3_600_000
MOST_KEYS = 100_000
PAUSE_SECONDS = 0.25
FORGET_SECONDS = 10.0


@dataclass
class Batch:
    """Requests of one key, by endpoint; its id keeps Redis from counting them twice."""

    served: "Counter[str]"
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


class Ledger:
    """Of one key: the epoch it was admitted in, when and to which endpoint, and what it was served without Redis."""

    def __init__(self, who: Identity) -> None:
        self.who = who
        self.epoch = ""  # none: nothing is known that could have been lost
        self.admitted: dict[str, deque[int]] = {}  # in Redis's milliseconds
        self.served: Counter[str] = Counter()
        self.batches: list[Batch] = []
        self.untold: list[Callable[..., None]] = []  # errors to be noted, with the millisecond at which they count
        self.lock = threading.Lock()

    @property
    def owes(self) -> bool:
        """Whether Redis has not counted something that is to be counted."""
        return bool(self.served or self.batches or self.untold)

    @property
    def newest(self) -> int:
        """When Redis admitted the last one, as far as it has not been lost; 0: none."""
        with self.lock:
            return max((times[-1] for times in self.admitted.values()), default=0)

    def admit(self, endpoint: str, at: int, epoch: str) -> None:
        """Redis admitted it in this epoch."""
        with self.lock:
            self.epoch = self.epoch or epoch
            if epoch == self.epoch:
                self._keep(endpoint, [at])
            else:
                self.served[endpoint] += 1  # lost before it was heard of, and the others are counted again already

    def _keep(self, endpoint: str, times: list[int]) -> None:
        held = self.admitted.get(endpoint)
        if held is None:
            held = self.admitted[endpoint] = deque()
        held.extend(times)
        while held[0] <= times[0] - HOUR_MS:
            held.popleft()

    def forget(self, before: int) -> None:
        """Let go of what was admitted before this millisecond."""
        with self.lock:
            for endpoint, held in list(self.admitted.items()):
                while held and held[0] < before:
                    held.popleft()
                if not held:
                    del self.admitted[endpoint]

    @property
    def spent(self) -> int:
        """How many requests Redis has still to count."""
        return self.served.total() + sum(batch.served.total() for batch in self.batches)

    def spend(self, endpoint: str, share: int) -> bool:
        """Serve it without Redis, if the outage's share is not spent."""
        with self.lock:
            if self.spent >= share:
                return False
            self.served[endpoint] += 1
            return True

    def note_later(self, tell: Callable[..., None]) -> None:
        """What was served without Redis was answered with an error: `tell(at_ms=…)` when the request is counted."""
        with self.lock:
            self.untold.append(tell)

    def settle(self, mine: Link) -> None:
        """Have Redis count what it lost and what was served without it, and go on in its epoch.

        redis.RedisError, DatabaseError: to be tried again; nothing is counted twice. ApiKey.DoesNotExist.
        """
        with self.lock:
            epoch, since = epoch_of(mine, self.who)
            if epoch != self.epoch:
                for endpoint, held in self.admitted.items():
                    self.served[endpoint] += sum(at >= since for at in held)
                self.admitted.clear()
                self.epoch = epoch
            if +self.served:
                self.batches.append(Batch(+self.served))
            self.served.clear()
            while self.batches:
                at = recount(mine, self.who, self.batches[0])
                for endpoint, times in self.batches.pop(0).served.items():
                    self._keep(endpoint, [at] * times)
            while self.untold:
                self.untold.pop()(at_ms=now_of(mine))


def recount(mine: Link, who: Identity, batch: Batch) -> int:
    """Put a batch into window, month and usage, as of now by Redis's clock, which it gives.

    redis.RedisError; DatabaseError; ApiKey.DoesNotExist.
    """
    month = Month.at(round(time.time() * 1000))
    counts: list[Word] = [word for endpoint, n in batch.served.items() for word in (who.counted(endpoint), n)]
    for _ in range(TURNS):
        run = mine.run
        keys = [who.state(run), who.window, who.month(month.name), who.usages, f"{who.tag}batch:{batch.id}"]
        decision, now = mine.call(RECOUNT, keys, [month.start, month.end, run, *counts])
        if decision == OK:
            return int(now)
        if decision == MONTH:
            month = Month.at(now)
        elif decision == LOAD:
            load_state(mine, who, run=run, now=now)
    raise redis.RedisError("Redis forgets faster than it is told.")


class Ledgers:
    """Of all keys of this process."""

    def __init__(self) -> None:
        self.held: dict[str, Ledger] = {}
        self.life = ""  # the server's, when it was looked at last
        self.forgets_at = 0.0
        self.lock = threading.Lock()

    def open(self, who: Identity) -> Ledger:
        """The key's ledger. There may be more than enough of them while they owe: those are never let go."""
        with self.lock:
            if who.key not in self.held:
                if len(self.held) >= MOST_KEYS:
                    self.held = {key: ledger for key, ledger in self.held.items() if ledger.admitted or ledger.owes}
                self.held[who.key] = Ledger(who)
            return self.held[who.key]

    def look(self, mine: Link) -> None:
        """Settle whatever Redis may not know of. redis.RedisError, DatabaseAway: to be tried again."""
        found = life(mine)
        lost_from = known_before(found) if found != self.life else None
        for ledger in list(self.held.values()):
            if ledger.owes or (lost_from is not None and ledger.newest >= lost_from):
                try:
                    ledger.settle(mine)
                except ApiKey.DoesNotExist:
                    self.held.pop(ledger.who.key, None)  # with the key goes what it was served
        self.life = found
        REDIS_AWAY.over()
        self.forget()

    def forget(self) -> None:
        """Let go, now and then, of what PostgreSQL has: no loss of Redis's can make anybody ask for it again."""
        if time.monotonic() < self.forgets_at:
            return
        self.forgets_at = time.monotonic() + FORGET_SECONDS
        known = drained_until(self.life)
        for ledger in list(self.held.values()):
            ledger.forget(known)

    def watch(self) -> None:
        """Go on looking, four times a second."""
        while True:
            try:
                self.look(link())
            except (redis.RedisError, DatabaseAway) as error:
                log.debug("not settled yet", error=type(error).__name__)  # whatever comes back will be looked at
            except Exception:
                log.exception("ledgers not settled")  # without this thread an outage would never be made good
            finally:
                connections.close_all()
            time.sleep(PAUSE_SECONDS)


LEDGERS = Ledgers()


def watch_redis() -> None:
    """Begin this process's thread. Of every process that admits requests: its epochs end in time only so."""
    threading.Thread(target=LEDGERS.watch, name="ledgers", daemon=True).start()
