"""The webhook sink as a process beside a test, and a sender that finds it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apps.devtools.sink.client import SinkClient
from apps.webhooks.guard import Guard
from apps.webhooks.sender import Sender
from apps.webhooks.tls import tls_context

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "apps.devtools.sink")
NAME = "sink.betedge.test"
GREETING = re.compile(r"Sink on https://127\.0\.0\.1:(\d+) as .*; its authority is (.*); control (http://\S+)\n.*\n")


@dataclass(frozen=True)
class RunningSink:
    """Where it listens, the file to trust it by, and its control; what it prints is on `process.stdout`."""

    process: "subprocess.Popen[str]"
    port: int
    ca_file: Path
    control: SinkClient

    @property
    def route(self) -> str:
        """For BETEDGE_WEBHOOK_RESOLVE."""
        return f"{NAME}:8443=127.0.0.1:{self.port}"

    def sender(self, *, deadline: float = 10.0) -> Sender:
        """What sends webhooks, with this sink for NAME."""
        guard = Guard.reading(own=[], deny="", resolve=self.route, production=False)
        return Sender(guard, tls_context(str(self.ca_file)), deadline=deadline)


@contextmanager
def running_sink(folder: Path, *options: str) -> Iterator[RunningSink]:
    """A sink on free ports that keeps its certificates in `folder`."""
    command = [*COMMAND, "--port", "0", "--folder", str(folder), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        found = GREETING.fullmatch(process.stdout.readline() + process.stdout.readline())
        assert found, "The sink did not start; the reason stands above."
        yield RunningSink(process, int(found[1]), Path(found[2]), SinkClient(found[3]))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
