"""The sink as a receiver of a whole run, and what it saw."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apps.devtools.sink.client import SinkClient
from apps.devtools.stack.ports import free_port
from apps.devtools.stack.processes import StackError
from bench.install import ROOT
from bench.servers import environment

NAME = "hooks.example.test"  # as we find it
PEERS_NAME = "localhost"  # as everybody does
MOST = 400_000  # arrivals kept
PATIENCE_SECONDS = 300


class Sink:
    """Where it listens, the authority to trust, and what arrived."""

    def __init__(self, port: int, control: int, folder: Path) -> None:
        self.port = port
        self.authority = folder / "authority.pem"
        self.client = SinkClient(f"http://127.0.0.1:{control}")

    def total(self) -> int:
        """How many requests came in all."""
        return int(self.client.state()["total"])

    def arrived(self, since: int, *, count: int, beneath: str) -> list[float]:
        """When the first byte of each request after number `since` beneath a path came, once there are so many of any.

        Unix times, in order. It asks seldom while they come: the cores are theirs.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while self.total() < since + count:
            if time.monotonic() > until:
                raise StackError(f"{self.total() - since} of {count} deliveries came within {PATIENCE_SECONDS} s.")
            time.sleep(0.2)
        return sorted(each["wall"] for each in self.client.arrivals(since) if each["path"].startswith(beneath))


@contextmanager
def sink(folder: Path) -> Iterator[Sink]:
    """A sink in a process of its own, gone with the block."""
    port, control = free_port(), free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "apps.devtools.sink", "--quiet", "--keep", str(MOST), "--folder", str(folder)),
            *("--name", NAME, "--name", PEERS_NAME, "--port", str(port), "--control", str(control)),
        ],
        cwd=ROOT,
        env=environment({}),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        if not process.stdout.readline():
            raise StackError("The sink did not start; the reason stands above.")
        yield Sink(port, control, folder)
    finally:
        process.terminate()
        process.wait(10)
