"""End what takes too long: one thread that shuts sockets at their deadlines, however their owners wait on them."""

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Watch:
    """One socket under watch. `fired`: it was shut because its time was up."""

    def __init__(self, end: socket.socket) -> None:
        self.end: socket.socket | None = end
        self.fired = False
        self.lock = threading.Lock()

    def fire(self) -> None:
        with self.lock:
            if self.end is not None:
                self.fired = True
                with suppress(OSError):  # the far side may have gone before
                    self.end.shutdown(socket.SHUT_RDWR)

    def over(self) -> None:
        with self.lock:
            if self.end is not None:
                self.end.close()
                self.end = None


class Watchdog:
    """Watches any number of sockets. Its thread starts with the first of them, and again after a fork."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Watch]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, sock: socket.socket, until: float) -> Iterator[Watch]:
        """Shut the socket at `until` (by time.monotonic), unless the block ends before.

        A time-out of the socket's own is not enough, since it begins anew with every byte. The watch has a descriptor
        of its own: a socket that becomes a TLS one hands its over.
        """
        watch = Watch(sock.dup())
        with self._changed:
            heapq.heappush(self._due, (until, next(self._order), watch))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            elif self._due[0][2] is watch:
                self._changed.notify()
        try:
            yield watch
        finally:
            watch.over()

    def _run(self) -> None:
        while True:
            for watch in self._expired():
                watch.fire()

    def _expired(self) -> list[Watch]:
        """Wait for the earliest deadline, and take those that have passed off the list, with all that are over."""
        with self._changed:
            expired = []
            while self._due and (self._due[0][0] <= time.monotonic() or self._due[0][2].end is None):
                expired.append(heapq.heappop(self._due)[2])
            if not expired:
                self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
            return expired
