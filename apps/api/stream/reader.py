"""The one reader of the log in a stream process: a thread that is woken by PostgreSQL, and looks each second anyway."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
import structlog
from django.db import Error as DatabaseAway
from django.db import connections
from django.utils import timezone

from apps.access.queries import still_opening
from apps.accounts.tiers import ENTERPRISE, opening
from apps.api.stream.hub import Hub
from apps.core.postgres import hearing
from apps.outbox.queries import events_after, last_sequence

log = structlog.get_logger(__name__)

GREW, KEYS = "outbox_grew", "keys_changed"
LOOK_SECONDS = 1.0  # a notice that was lost costs so much
KEYS_SECONDS = 2.0
PAUSE_SECONDS = 0.25
BATCH = 200
OPENING_TIERS = opening(ENTERPRISE)

Found = TypeVar("Found")


class Reader:
    """Tells the hub what is committed, and ends the streams whose key does not open them any more.

    While PostgreSQL is away the streams wait; afterwards keys are looked at before events, and no event is passed over.
    """

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self.hub = hub
        self.loop = loop
        self._ended = threading.Event()
        self._keys_due = 0.0  # on the monotonic clock
        self._began = False

    def begin(self) -> None:
        threading.Thread(target=self._go_on, name="reader", daemon=True).start()

    def end(self) -> None:
        """Stop within a second or so."""
        self._ended.set()

    def _go_on(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except (psycopg.Error, DatabaseAway) as error:
                if self.hub.reads:
                    log.error("log not read", error=type(error).__name__, reason=str(error).strip())
            except Exception:
                log.exception("log not read")  # without this thread every stream would stand still
            finally:
                connections.close_all()
            self.hub.reads = False
            self._ended.wait(PAUSE_SECONDS)

    def _listen(self) -> None:
        with hearing(KEYS, GREW) as heard:
            self._keys_due = 0.0
            while not self._ended.is_set():
                self.look()
                for notice in heard.notifies(timeout=LOOK_SECONDS, stop_after=1):
                    if notice.channel == KEYS:
                        self._keys_due = 0.0

    def look(self) -> None:
        """Whose key has ended, then what has happened: who may not hear of it any more must not."""
        if not self._began:
            self.hub.position, self._began = last_sequence(), True
        more = True
        while more:
            self._look_at_keys()
            events = events_after(self.hub.position, limit=BATCH)
            self._in_loop(lambda events=events: self.hub.tell(events))  # type: ignore[misc]
            more = len(events) == BATCH
            if more:
                asyncio.run_coroutine_threadsafe(self.hub.settled(), self.loop).result()
        self.hub.reads = True

    def _look_at_keys(self) -> None:
        """Where one of them changed, and every other second: a key's time runs out in silence."""
        if time.monotonic() < self._keys_due:
            return
        self._keys_due = time.monotonic() + KEYS_SECONDS
        asked = self._in_loop(self.hub.keys)
        if asked:
            found = still_opening(asked, tiers=OPENING_TIERS, now=timezone.now())
            self._in_loop(lambda: self.hub.end_without(found, asked=asked))

    def _in_loop(self, act: Callable[[], Found]) -> Found:
        """What it gives, done on the event loop's thread."""

        async def done() -> Found:
            return act()

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result()
