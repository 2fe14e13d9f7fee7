"""Callers of the stream who come back with Last-Event-ID whenever it ends."""

import http.client
import socket
import threading
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

PATH = "/api/v1/picks/stream?events=pick.published,pick.settled"
AGAIN_SECONDS = 0.3
SILENCE_SECONDS = 45.0  # heartbeats come every 30


class Told(NamedTuple):
    sequence: int
    event: str
    data: str


class Reader(threading.Thread):
    """`position`: the last id that came, None before the first; `opened`, `refused`: streams, and statuses instead."""

    def __init__(self, port: int, secret: str) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.secret = secret
        self.position: int | None = None
        self.told: list[Told] = []
        self.opened = 0
        self.refused: Counter[int] = Counter()
        self._over = threading.Event()
        self._socket: socket.socket | None = None

    def run(self) -> None:
        while not self._over.is_set():
            with suppress(OSError, http.client.HTTPException):
                self._listen()
            self._over.wait(AGAIN_SECONDS)

    def leave(self) -> None:
        self._over.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self.join(10)

    def _listen(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SILENCE_SECONDS)
        last = {} if self.position is None else {"Last-Event-ID": str(self.position)}
        connection.request("GET", PATH, headers={"Authorization": f"Bearer {self.secret}", **last})
        self._socket = connection.sock
        answer = connection.getresponse()
        if answer.status != 200:
            self.refused[answer.status] += 1
            return
        self.opened += 1
        text = b""
        while piece := answer.read1(65_536):
            *blocks, text = (text + piece).split(b"\n\n")
            for block in blocks:
                self._take(block.decode())

    def _take(self, block: str) -> None:
        """A whole block; what breaks off in the middle of one never happened."""
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "id" in fields:
            self.position = int(fields["id"])
        if "data" in fields:
            self.told.append(Told(int(fields["id"]), fields["event"], fields["data"]))
