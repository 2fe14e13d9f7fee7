"""What delivers: one thread that decides and writes, turn by turn, and a crew of threads that make the attempts."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from uuid import UUID, uuid4

import psycopg
import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connections
from django.utils import timezone

from apps.core.postgres import hearing
from apps.core.sealing import unseal
from apps.webhooks.crew import SLOW_SECONDS, Crew
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
MAKING = threading.Lock()  # `cache` alone would let two threads make two
LAST_SECONDS = 8.0  # for attempts under way when the process is asked to end


def any_jitter() -> float:
    return random.uniform(0, MOST_JITTER)


class Allowance:
    """How many more attempts may be given out in a turn: in all, to lanes that drag, and to each organisation.

    No organisation has more than its share of the crew, and all lanes that drag together have no more than theirs: the
    rest is there for everybody else.
    """

    def __init__(self, crew: Crew[Due, Outcome], lanes: Iterable[Lane]) -> None:
        self.share = max(1, crew.most // 4)
        self.room, self.dragging = crew.room, self.share
        self.taken: Counter[UUID] = Counter()
        for lane in lanes:
            self.taken[lane.organization_id] += len(lane.flying)
            self.dragging -= len(lane.flying) if lane.drags else 0

    def full(self) -> list[UUID]:
        """The organisations that may have no more."""
        return [organization for organization, taken in self.taken.items() if taken >= self.share]

    def take(self, lane: Lane) -> bool:
        """Whether the lane may have one more, which is then counted."""
        if self.room <= 0 or self.taken[lane.organization_id] >= self.share or (lane.drags and self.dragging <= 0):
            return False
        self.room -= 1
        self.taken[lane.organization_id] += 1
        self.dragging -= lane.drags
        return True


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
        self._woken = threading.Event()
        self.crew = Crew(self.attempt, most=settings.DELIVER_THREADS, told=self._woken.set)
        self.unrecorded: list[Outcome] = []
        self._ending = threading.Event()
        self._beginning = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._sweep_due = self._keep_due = 0.0  # on the monotonic clock

    def wake(self) -> None:
        """Look now. Begins to deliver where nobody does; see `end`. For any thread."""
        with self._beginning:  # two at once would both begin, and then each send what the other is sending
            if not self._ending.is_set():
                for name, go_on in (("deliverer", self._go_on), ("deliverer-ear", self._listen)):
                    if name not in self._threads or not self._threads[name].is_alive():
                        sender()  # made here, once: a whole crew that needs it first would make one each
                        self._threads[name] = threading.Thread(target=go_on, name=name, daemon=True)
                        self._threads[name].start()
        self._woken.set()

    def end(self, *, seconds: float = LAST_SECONDS) -> None:
        """Take up nothing more, and wait so long for the attempts that are under way."""
        self._ending.set()
        self._woken.set()
        if "deliverer" in self._threads:
            self._threads["deliverer"].join(seconds)

    def turn(self) -> None:
        """Write down what was finished, make deliveries of new events, take up what is due, let go of the rest.

        What fails in one part holds up no other; a later turn does it, or another deliverer. The first failure is
        raised when all are through.
        """
        failed: list[Exception] = []
        for part in (self._record, self._sweep, self._fan_out, self._take_up, self._write_lanes):
            try:
                part(self.clock())
            except Exception as error:
                failed.append(error)
                connections.close_all()
        self.crew.staff(patient=sum(len(lane.flying) for lane in self.lanes.values() if lane.drags))
        if failed:
            raise failed[0]

    def attempt(self, due: Due) -> Outcome:
        """Send one delivery once, signed, and say what came of it; it raises nothing."""
        at = self.clock()
        if time.monotonic() > due.lane.good_until:  # we stood still, and somebody else has it by now
            return Outcome(due, at)
        if due.expires_at is not None and due.expires_at <= at:
            return Outcome(due, at, expired=True)
        try:
            return Outcome(due, at, sender().send(due.url, body=due.body, headers=headers_of(due, at)))
        except Exception:
            log.exception("attempt not made", delivery=str(due.id))
            return Outcome(due, at, Attempted(error="The attempt failed on our side, before anything was sent."))

    def _record(self, now: datetime) -> None:
        self.unrecorded += self.crew.done()
        if not self.unrecorded:
            return
        try:
            self.unrecorded = self._recorded(self.unrecorded, now)
        except (DataError, IntegrityError):  # one of them cannot be stored as it is: it must not hold up the others
            for _ in range(len(self.unrecorded)):
                later = self._recorded_alone(self.unrecorded[0], now)
                self.unrecorded = self.unrecorded[1:] + later

    def _recorded(self, outcomes: list[Outcome], now: datetime) -> list[Outcome]:
        return record(outcomes, holder=self.holder, jitter=self.jitter, now=now)

    def _recorded_alone(self, outcome: Outcome, now: datetime) -> list[Outcome]:
        try:
            return self._recorded([outcome], now)
        except (DataError, IntegrityError):
            log.exception("outcome not stored", delivery=str(outcome.due.id))
            return self._recorded([in_plain_words(outcome)], now)

    def _sweep(self, now: datetime) -> None:
        """What no one told us of: what may not be sent any more, and what is due in lanes in hand."""
        if time.monotonic() < self._sweep_due:
            return
        self._sweep_due = time.monotonic() + SWEEP_SECONDS
        self._look_everywhere()
        cancel_stopped(now=now)

    def _fan_out(self, now: datetime) -> None:
        """Some of what is new; the rest is for the turns that follow at once."""
        if fan_out(now=now):
            self._look_everywhere()
            self._woken.set()

    def _look_everywhere(self) -> None:
        for lane in self.lanes.values():
            lane.more = True

    def _take_up(self, now: datetime) -> None:
        """Lanes that were not in hand come first: each has one attempt before any has two."""
        if self._ending.is_set():
            return
        left = Allowance(self.crew, self.lanes.values())
        new: list[Lane] = []
        for drags in (False, True):
            most = min(left.room - len(new), left.dragging) if drags else left.room
            new += claim(holder=self.holder, most=most, dragging=drags, full=left.full(), now=now)
        held = [lane for lane in self.lanes.values() if lane.more and lane.room]
        self.lanes.update((lane.id, lane) for lane in new)
        ready = [*new, *random.sample(held, len(held))]
        if not ready or not left.room:
            return
        read(ready, now=now)
        if stopped := [lane.id for lane in ready if lane.why]:
            cancel_stopped(now=now, only=stopped)
        for due in take([lane for lane in ready if not lane.why], may=left.take, now=now):
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
            # While jobs wait for a thread, more threads may be what they need: see Crew.staff.
            self._woken.wait(SLOW_SECONDS if self.crew.waits else SWEEP_SECONDS)
            self._woken.clear()
            began = time.monotonic()
            try:
                self.turn()
            except (OperationalError, InterfaceError) as error:
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
            except (psycopg.Error, OperationalError, InterfaceError):
                self._ending.wait(PAUSE_SECONDS)


def headers_of(due: Due, at: datetime) -> dict[str, str]:
    """What an attempt says of itself, signed at `at`."""
    return signed_headers(
        due.body,
        event=due.event,
        event_id=str(due.event_id),
        delivery_id=str(due.id),
        attempt=due.number,
        secret=unseal(due.sealed_secret),
        previous=unseal(due.sealed_previous) if due.sealed_previous else None,
        now=at,
    )


def in_plain_words(outcome: Outcome) -> Outcome:
    """The same without what its receiver said, and with words of ours."""
    attempted = outcome.attempted or Attempted()
    kept = Attempted(status_code=attempted.status_code, duration_ms=attempted.duration_ms)
    kept.error = "" if kept.delivered else "What came of the attempt could not be stored."
    return Outcome(outcome.due, outcome.at, kept)


@cache
def _made() -> Deliverer:
    return Deliverer()


def deliverer() -> Deliverer:
    """The one of this process, whichever thread asks first."""
    with MAKING:
        return _made()
