"""Thousands of readers of one stream process, on one thread of this one: which are open, and when they heard what."""

import resource
import selectors
import socket
import time
from collections.abc import Callable, Sequence

from apps.devtools.stack.processes import StackError

AT_ONCE = 100  # connections that are being opened
PATIENCE_SECONDS = 60.0
SPARE_FILES = 200


def need_files(count: int) -> None:
    """Allow this process, and those that it starts, so many connections. StackError where the system does not."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    if most != resource.RLIM_INFINITY and most < wanted:
        raise StackError(f"The streams need {wanted:,} open files, and {most:,} are allowed: raise `ulimit -Hn`.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), most))


class Readers:
    """They read from `port`; `first` are bytes of what each is sent on opening."""

    def __init__(self, port: int, *, first: bytes) -> None:
        self.port = port
        self.first = first
        self.sockets: dict[int, socket.socket] = {}
        self.waiting: set[int] = set()  # of the bytes that are looked for
        self.tails: dict[int, bytes] = {}  # of what came, should they come in two pieces
        self.poll = selectors.DefaultSelector()

    def open(self, requests: Sequence[bytes]) -> None:
        """One more reader for each request, a hundred at a time, all of them answered with an open stream."""
        for begin in range(0, len(requests), AT_ONCE):
            opened = {self._open(request) for request in requests[begin : begin + AT_ONCE]}
            self.hear(self.first, among=opened)

    def _open(self, request: bytes) -> int:
        reader = socket.create_connection(("127.0.0.1", self.port))
        reader.sendall(request)
        reader.setblocking(False)
        self.sockets[reader.fileno()] = reader
        self.poll.register(reader, selectors.EVENT_READ)
        return reader.fileno()

    def hear(self, what: bytes, *, among: "set[int] | None" = None) -> float:
        """Read until all have been sent these bytes; the Unix second at which the last one was.

        StackError where one has not after a minute, or was cut off.
        """
        self.waiting = set(among or self.sockets)
        self.tails.clear()
        until, last = time.monotonic() + PATIENCE_SECONDS, 0.0
        while self.waiting:
            if time.monotonic() > until:
                raise StackError(f"{len(self.waiting)} of {len(self.sockets)} streams were not sent {what!r}.")
            for key, _events in self.poll.select(0.1):
                if self._read(key.fd, what):
                    last = time.time()
        return last

    def _read(self, number: int, what: bytes) -> bool:
        """Whether it was waiting for these bytes, and they have come."""
        came = self.sockets[number].recv(65_536)
        if not came:
            raise StackError("A stream ended by itself.")
        if number not in self.waiting:
            return False
        text = self.tails.pop(number, b"") + came
        if what not in text:
            self.tails[number] = text[-2_000:]
            return False
        self.waiting.discard(number)
        return True

    def listen(self, seconds: float) -> None:
        """Read on for so long, whatever comes."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for key, _events in self.poll.select(0.1):
                self._read(key.fd, b"")

    def close(self) -> None:
        for reader in self.sockets.values():
            reader.close()
        self.sockets.clear()
        self.poll.close()


Tell = Callable[[int], float]  # the nth event; the Unix second at which that began


def slowest(readers: Readers, tell: Tell, events: int) -> list[float]:
    """For each of so many events the milliseconds until the last reader has it; the next is told after that."""
    took = []
    for nth in range(events):
        began = tell(nth)
        took.append((readers.hear(f'"{name(nth)}"'.encode()) - began) * 1000)
    return took


def name(nth: int) -> str:
    """What tells the nth event from the others, as a field of its pick."""
    return f"event {nth}"
