"""The threads that make attempts: enough for quick work, and one more for each that waits for a slow receiver."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")

QUICK = 32  # threads beside those that wait: more of them only compete for the processor
SLOW_SECONDS = 0.15


class Crew(Generic[Job, Done]):
    """`most`: jobs that may be given out at once, and so the most threads there ever are.

    `give` and `done` are for one thread, the foreman's; `work` is called in any. `told` after each finished job.
    """

    def __init__(self, work: Callable[[Job], Done], *, most: int, told: Callable[[], None]) -> None:
        self.work = work
        self.most = most
        self.told = told
        self.under_way = 0
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._began: dict[int, float] = {}  # by thread: when the job at hand was begun, on the monotonic clock
        self._threads = 0
        self._wanted = 0
        self._counting = threading.Lock()

    @property
    def room(self) -> int:
        """How many more jobs may be given out."""
        return self.most - self.under_way

    def give(self, job: Job) -> None:
        self.under_way += 1
        self._waiting.put(job)

    def done(self) -> list[Done]:
        """What was finished since the last call; each makes room for another."""
        found = []
        while True:
            try:
                found.append(self._done.get_nowait())
            except queue.Empty:
                self.under_way -= len(found)
                return found

    @property
    def waits(self) -> bool:
        """Whether a job waits for a thread."""
        return not self._waiting.empty()

    def staff(self, *, patient: int = 0) -> None:
        """Have as many threads as there is work for. Call it now and then: what was quick may have become slow.

        patient: how many jobs given out will be slow, as far as is known.
        """
        late = time.monotonic() - SLOW_SECONDS
        slow = sum(began < late for began in list(self._began.values()))
        self._wanted = min(self.most, QUICK + max(slow, patient))
        for _ in range(min(self._wanted - self._threads, self._waiting.qsize())):
            threading.Thread(target=self._go_on, name="attempts", daemon=True).start()
            with self._counting:
                self._threads += 1

    def _go_on(self) -> None:
        me = threading.get_ident()
        while not self._superfluous():
            job = self._waiting.get()
            self._began[me] = time.monotonic()
            done = self.work(job)
            del self._began[me]
            self._done.put(done)
            self.told()

    def _superfluous(self) -> bool:
        """Whether this thread is one too many; it then counts no longer."""
        with self._counting:
            superfluous = self._threads > self._wanted
            self._threads -= superfluous
            return superfluous
