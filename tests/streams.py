"""The stream process of the Procfile beside a test, and callers who listen to it."""

import http.client
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.devtools.stack.ports import free_port
from apps.devtools.stack.processes import Child, wait_until
from apps.devtools.stack.procfile import argv, commands
from tests.web import ROOT, answers, database_url

PATH = "/api/v1/picks/stream"


@dataclass
class Process:
    child: Child
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def restart(self) -> None:
        """Begin again where it was killed."""
        self.child.start()
        wait_until(lambda: answers(self.address), self.child, timeout=30)


@contextmanager
def stream_process(folder: Path, *, name: str = "stream", environ: dict[str, str] | None = None) -> Iterator[Process]:
    """It, once it answers. What the test wrote must be committed to be seen; `folder` takes the log."""
    port = free_port()
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": database_url(),
        "BETEDGE_STREAM_PORT": str(port),
        **(environ or {}),
    }
    child = Child(name, argv(commands(ROOT / "Procfile")["stream"]), folder / f"{name}.log", environ, cwd=ROOT)
    process = Process(child, port)
    try:
        process.restart()
        yield process
    finally:
        child.stop(timeout=10)


@dataclass
class Caller:
    """One open stream, read by a thread of its own as it comes."""

    status: int
    headers: http.client.HTTPMessage
    answer: http.client.HTTPResponse
    socket: socket.socket
    taken: bytearray = field(default_factory=bytearray)
    ended: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
            while piece := self.answer.read1(65_536):
                self.taken += piece
        self.ended.set()

    @property
    def text(self) -> str:
        """What has come so far; the last character may still be under way."""
        return self.taken.decode(errors="ignore")

    @property
    def events(self) -> list[tuple[str, Any, int]]:
        """Type, pick and id of each whole event."""
        found = []
        for block in self.text.split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in fields:
                found.append((fields["event"], json.loads(fields["data"]), int(fields["id"])))
        return found

    @property
    def ids(self) -> list[int]:
        return [sequence for _type, _pick, sequence in self.events]

    @property
    def last_id(self) -> int:
        """What a client would send as Last-Event-ID."""
        return int([line for line in self.text.splitlines() if line.startswith("id: ")][-1].removeprefix("id: "))

    def leave(self) -> None:
        """Hang up; closing alone would wait for the thread that reads."""
        self.socket.shutdown(socket.SHUT_RDWR)


def call(
    port: int, secret: str, *, query: str = "", method: str = "GET", last: int | str | None = None, **headers: str
) -> Caller:
    """Ask for a stream; the body is read by whoever calls `listen` or reads `answer`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = {"Authorization": f"Bearer {secret}", **headers}
    if last is not None:
        sent["Last-Event-ID"] = str(last)
    connection.request(method, PATH + query, headers=sent)
    at = connection.sock
    answer = connection.getresponse()
    return Caller(answer.status, answer.headers, answer, at)


def listening(port: int, secret: str, **asked: Any) -> Caller:
    """An open stream that is being read, its first block there."""
    caller = call(port, secret, **asked)
    assert caller.status == 200, caller.answer.read()
    caller.listen()
    until(lambda: "\n\n" in caller.text)
    return caller


def until(condition: Callable[[], Any], *, seconds: float = 30) -> None:
    """Return as soon as it holds; AssertionError where it does not come to."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.01)
