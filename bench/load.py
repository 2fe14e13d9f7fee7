"""Ask a server and take the time: with wrk from another process, or one request at a time over one connection."""

import json
import shutil
import subprocess
import time
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from apps.devtools.stack.processes import StackError

NO_WRK = "wrk is missing; install it first (Debian and Ubuntu: apt install wrk; macOS: brew install wrk)."
THREADS, CONNECTIONS = 1, 8
SCRIPT = Path(__file__).with_name("keys.lua")


class Load(NamedTuple):
    """What wrk saw: requests per second, and the time that 99 of 100 took at most."""

    rps: float
    p99_ms: float


def need_wrk() -> None:
    """StackError where there is none."""
    if shutil.which("wrk") is None:
        raise StackError(NO_WRK)


def load(*, url: str, headers: Path, seconds: int) -> Load:
    """Ask one address for some seconds, in turn with each Authorization header of a file.

    StackError where a single answer was not 2xx: what is refused fast must not count as fast.
    """
    command = ["wrk", "-t", str(THREADS), "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--latency"]
    done = subprocess.run(
        [*command, "-s", str(SCRIPT), url, "--", str(headers)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StackError(f"wrk failed on {url}: {done.stderr or done.stdout}")
    saw = json.loads(done.stderr.splitlines()[-1])
    if saw["refused"] or saw["broken"]:
        raise StackError(f"{url} refused {saw['refused']} requests and broke {saw['broken']}, of {saw['requests']}.")
    return Load(saw["requests"] / saw["seconds"], saw["p99_ms"])


class Caller:
    """One keep-alive connection of a caller with one Authorization header."""

    def __init__(self, port: int, authorization: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": authorization}

    def get(self, path: str) -> bytes:
        """The body of a 200; StackError for any other answer."""
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != HTTPStatus.OK:
            raise StackError(f"{path} was answered with {answer.status}: {body[:200].decode(errors='replace')}")
        return body

    def time(self, path: str) -> tuple[float, bytes]:
        """Milliseconds from asking to having all of the answer (0.2 of them our own), and the body of a 200."""
        began = time.perf_counter()
        body = self.get(path)
        return (time.perf_counter() - began) * 1000, body

    def close(self) -> None:
        self.connection.close()
