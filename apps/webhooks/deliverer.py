"""What delivers: one thread that decides and writes, turn by turn, and a crew of threads that make the attempts."""

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from uuid import UUID, uuid4

import psycopg
import structlog
from django.conf import settings
from django.db import Error as DatabaseAway
from django.db import connections
from django.utils import timezone

from apps.core.postgres import hearing
from apps.webhooks.crew import Crew
from apps.webhooks.fan_out import fan_out
from apps.webhooks.installed import sender
from apps.webhooks.lanes import Due, Lane, claim, read, take, write
from apps.webhooks.recording import Outcome, record
from apps.webhooks.schedule import MOST_JITTER
from apps.webhooks.sender import Attempted
from apps.webhooks.signing import signed_headers
from apps.webhooks.standing import cancel_stopped

log = structlog.get_logger(__name__)

GREW, ASKED = "outbox_grew", "deliveries_asked"
SWEEP_SECONDS = 1.0  # what nobody told of is found after so long
TURN_SECONDS = 0.02  # turns are no nearer to each other, so that each has a good number to write
KEEP_SECONDS = 2.5  # how often lanes that stay in hand are written down
PAUSE_SECONDS = 0.25
DRAGGING_SHARE = 0.25  # of the crew, that lanes whose last attempt failed or was slow may have
MAKING = threading.Lock()  # `cache` alone would let two threads make two
LAST_SECONDS = 8.0  # for attempts under way when the process is asked to end


def any_jitter() -> float:
    return random.uniform(0, MOST_JITTER)


class Deliverer:
    """Delivers what is due, as long as its process lives. Two at once share the work, whatever machines they are on.

    `turn` is all of it but the waiting; it is for one thread. `clock` gives the time, `jitter` a share of a delay.
    """

    def __init__(
        self, *, clock: Callable[[], datetime] = timezone.now, jitter: Callable[[], float] = any_jitter
    ) -> None:
        self.clock = clock
        self.jitter = jitter
        self.holder = uuid4()
        self.lanes: dict[UUID, Lane] = {}
        self.crew = Crew(self.attempt, most=settings.DELIVER_THREADS, told=self._told)
        self.unrecorded: list[Outcome] = []
        self._woken = threading.Event()
        self._ending = threading.Event()
        self._beginning = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sweep_due = self._keep_due = 0.0  # on the monotonic clock

    def wake(self) -> None:
        """Look now. Begins to deliver where nobody does; see `end`. For any thread."""
        with self._beginning:  # two at once would both begin, and then each send what the other is sending
            if not self._ending.is_set() and not any(thread.is_alive() for thread in self._threads):
                sender()  # made here, once: a whole crew that needs it first would make one each
                self._threads = [
                    threading.Thread(target=self._go_on, name="deliverer", daemon=True),
                    threading.Thread(target=self._listen, name="deliverer-ear", daemon=True),
                ]
                for thread in self._threads:
                    thread.start()
        self._woken.set()

    def end(self, *, seconds: float = LAST_SECONDS) -> None:
        """Take up nothing more, and wait so long for the attempts that are under way."""
        self._ending.set()
        self._woken.set()
        for thread in self._threads[:1]:
            thread.join(seconds)

    def turn(self) -> None:
        """Write down what was finished, make deliveries of new events, take up what is due, let go of the rest.

        Whatever fails in between is done by a later turn, or by another deliverer.
        """
        now = self.clock()
        self.unrecorded += self.crew.done()
        if self.unrecorded:
            record(self.unrecorded, jitter=self.jitter, now=now)
            self.unrecorded = []
        swept = time.monotonic() >= self._sweep_due
        if swept:
            cancel_stopped(now=now)
            self._sweep_due = time.monotonic() + SWEEP_SECONDS
        if fan_out(now=now) or swept:
            for lane in self.lanes.values():
                lane.more = True
        if not self._ending.is_set():
            self._take_up(now)
        self._write_lanes(now)
        self.crew.staff()

    def attempt(self, due: Due) -> Outcome:
        """Send one delivery once, signed, and say what came of it; it raises nothing."""
        at = self.clock()
        if time.monotonic() > due.lane.good_until:  # we stood still, and somebody else has it by now
            return Outcome(due, at)
        if due.expires_at is not None and due.expires_at <= at:
            return Outcome(due, at, expired=True)
        try:
            return Outcome(due, at, sender().send(due.lane.url, body=due.body, headers=headers_of(due, at)))
        except Exception:
            log.exception("attempt not made", delivery=str(due.id))
            return Outcome(due, at, Attempted(error="The attempt failed on our side, before anything was sent."))

    def _told(self) -> None:
        self._woken.set()

    def _take_up(self, now: datetime) -> None:
        """Lanes that were not in hand come first: each has one attempt before any has two."""
        dragging = sum(len(lane.flying) for lane in self.lanes.values() if lane.drags)
        spare = int(self.crew.most * DRAGGING_SHARE) - dragging
        new: list[Lane] = []
        for drags, most in ((False, self.crew.room), (True, min(self.crew.room, spare))):
            new += claim(holder=self.holder, most=most, dragging=drags, now=now)
        held = [lane for lane in self.lanes.values() if lane.more and lane.room]
        self.lanes.update((lane.id, lane) for lane in new)
        ready = [*random.sample(new, len(new)), *random.sample(held, len(held))]
        if not ready or not self.crew.room:
            return
        read(ready, now=now)
        if stopped := [lane.id for lane in ready if lane.why]:
            cancel_stopped(now=now, only=stopped)
        for due in take([lane for lane in ready if not lane.why], most=self.crew.room, now=now):
            self.crew.give(due)

    def _write_lanes(self, now: datetime) -> None:
        keeping = time.monotonic() >= self._keep_due
        if keeping:
            self._keep_due = time.monotonic() + KEEP_SECONDS
        lanes = [lane for lane in self.lanes.values() if keeping or not lane.flying]
        for lane in write(lanes, holder=self.holder, now=now) if lanes else []:
            del self.lanes[lane.id]

    def _go_on(self) -> None:
        while not (self._ending.is_set() and not self.crew.under_way and not self.unrecorded):
            self._woken.wait(SWEEP_SECONDS)
            self._woken.clear()
            began = time.monotonic()
            try:
                self.turn()
            except DatabaseAway as error:
                log.error("nothing delivered", error=type(error).__name__, reason=str(error).strip())
                self._pause()
            except Exception:
                log.exception("nothing delivered")  # without this thread everything would stand still
                self._pause()
            time.sleep(max(0.0, began + TURN_SECONDS - time.monotonic()))
        connections.close_all()

    def _pause(self) -> None:
        connections.close_all()
        self._ending.wait(PAUSE_SECONDS)

    def _listen(self) -> None:
        """Wake the other thread as soon as PostgreSQL tells of something to send."""
        while not self._ending.is_set():
            try:
                with hearing(GREW, ASKED) as heard:
                    self._woken.set()
                    while not self._ending.is_set():
                        for _ in heard.notifies(timeout=SWEEP_SECONDS, stop_after=1):
                            self._woken.set()
                        heard.execute("SELECT 1")
            except (psycopg.Error, DatabaseAway):
                self._ending.wait(PAUSE_SECONDS)


def headers_of(due: Due, at: datetime) -> dict[str, str]:
    """What an attempt says of itself, signed at `at`."""
    return signed_headers(
        due.body,
        event=due.event,
        event_id=str(due.event_id),
        delivery_id=str(due.id),
        attempt=due.number,
        secret=due.lane.secret,
        previous=due.lane.previous,
        now=at,
    )


@cache
def _made() -> Deliverer:
    return Deliverer()


def deliverer() -> Deliverer:
    """The one of this process, whichever thread asks first."""
    with MAKING:
        return _made()
