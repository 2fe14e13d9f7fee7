"""Ask an upstream over HTTP: one session, time-outs, retries, a shared budget, and a circuit that opens."""

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests
import structlog

from apps.core.errors import AppError
from apps.core.redis import client as redis_client

log = structlog.get_logger(__name__)

TIMEOUT = (3.05, 10.0)  # seconds to connect, seconds between two bytes
DEADLINE = 20.0  # seconds for one whole answer, whatever it trickles
MOST_BYTES = 32 * 1024 * 1024
TRIES = 3
PATIENCE = 15.0  # seconds of trying; a worker kept longer by one hanging upstream settles and publishes nothing
AGAIN = frozenset({500, 502, 503, 504})
FAILURES_TO_OPEN = 5
LONGEST_OPEN = 60.0  # seconds
PROBE = 30  # seconds, longer than any question takes: who tries an upstream again is alone with it


class UpstreamFailed(AppError):
    """The upstream did not give a usable answer; str() says how."""

    code = "upstream_failed"


class UpstreamRefused(UpstreamFailed):
    """The upstream understood and said no (4xx): asking again changes nothing. `status` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """Decoded JSON and the headers it came with."""

    body: Any
    headers: Mapping[str, str]


@dataclass
class Upstream:
    """One upstream service. Budget and circuit live in Redis, so that all workers share them.

    budget: requests a second over all processes, or None for no limit.
    """

    name: str
    url: str
    budget: int | None = None
    secret: str = ""  # struck out of every message

    @cached_property
    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy or .netrc of whoever started us
        session.headers["User-Agent"] = "BetEdge-Feed/1"
        return session

    def ask(self, method: str, path: str, *, params: Any = None, body: Any = None) -> Answer:
        """One question, tried up to three times; UpstreamRefused for a 4xx, UpstreamFailed for all else."""
        self._check_circuit()
        began, problem = time.monotonic(), ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(0.2 * 4 ** (attempt - 1) * (1 + random.random()))
            self._spend()
            try:
                answer = self._once(method, path, params=params, body=body)
            except UpstreamRefused:
                self._close_circuit()
                raise
            except (requests.RequestException, UpstreamFailed) as error:
                problem = self._strike(_in_words(error))
                if time.monotonic() - began > PATIENCE:
                    break
                continue
            self._close_circuit()
            return answer
        self._count_failure(problem, hung=time.monotonic() - began > PATIENCE)
        raise UpstreamFailed(f"{self.name} {path}: {problem}")

    def _once(self, method: str, path: str, *, params: Any, body: Any) -> Answer:
        started = time.monotonic()
        with self.session.request(
            method, self.url + path, params=params, json=body, timeout=TIMEOUT, stream=True, allow_redirects=False
        ) as response:
            raw = bytearray()
            for chunk in response.iter_content(65_536):
                raw += chunk
                if len(raw) > MOST_BYTES:
                    raise UpstreamFailed(f"the answer is over {MOST_BYTES} bytes")
                if time.monotonic() - started > DEADLINE:
                    raise UpstreamFailed(f"the answer took over {DEADLINE:.0f} s")
            if response.status_code in AGAIN:
                raise UpstreamFailed(f"answered {response.status_code}")
            if response.status_code != 200:
                raise UpstreamRefused(f"{self.name} {path}: answered {response.status_code}", response.status_code)
        try:
            # NaN and Infinity are no JSON, but a page with one in it is still read.
            decoded = json.loads(raw.decode(), parse_constant=lambda _name: None, parse_int=_whole)
        except (ValueError, RecursionError) as error:
            raise UpstreamFailed(f"the answer is not whole JSON ({len(raw)} bytes)") from error
        return Answer(decoded, response.headers)

    def _spend(self) -> None:
        """Wait for a place in the budget; UpstreamFailed after ten seconds without one."""
        if self.budget is None:
            return
        store = redis_client()
        for _ in range(10):
            second = int(time.time())
            key = f"feed:budget:{self.name}:{second}"
            spent = int(store.incr(key))
            if spent == 1:
                store.expire(key, 5)
            if spent <= self.budget:
                return
            time.sleep(max(second + 1 - time.time(), 0) + random.random() * 0.1)
        raise UpstreamFailed(f"no place in the budget of {self.budget} requests a second")

    def _check_circuit(self) -> None:
        """UpstreamFailed while the circuit is open; after that until the first good answer, for all but one asker."""
        store = redis_client()
        left = int(store.pttl(f"feed:open:{self.name}"))
        if left > 0:
            raise UpstreamFailed(f"{self.name} is left alone for {left / 1000:.0f} s after repeated failures")
        if store.exists(f"feed:shaky:{self.name}") and not store.set(f"feed:probe:{self.name}", 1, nx=True, ex=PROBE):
            raise UpstreamFailed(f"{self.name} is being tried again after repeated failures")

    def _count_failure(self, problem: str, *, hung: bool) -> None:
        store = redis_client()
        failures = int(store.incr(f"feed:failures:{self.name}"))
        log.warning("upstream_failed", upstream=self.name, failures=failures, reason=problem)
        if hung or failures >= FAILURES_TO_OPEN:
            seconds = min(2.0 ** max(failures - FAILURES_TO_OPEN + 1, 1), LONGEST_OPEN)
            store.set(f"feed:shaky:{self.name}", 1)
            store.set(f"feed:open:{self.name}", problem[:300], px=int(seconds * 1000))
        store.delete(f"feed:probe:{self.name}")

    def _close_circuit(self) -> None:
        redis_client().delete(*(f"feed:{what}:{self.name}" for what in ("failures", "open", "shaky", "probe")))

    def _strike(self, message: str) -> str:
        return message.replace(self.secret, "[secret]") if self.secret else message


def _whole(digits: str) -> int | None:
    """A whole number of sane length: Python refuses to read one of thousands of digits, and the page with it."""
    return int(digits) if len(digits) < 40 else None


def _in_words(error: Exception) -> str:
    """What went wrong, for health and logs, without the address."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the answer broke off"
    if isinstance(error, requests.ConnectionError):
        return "it cannot be reached"
    return str(error)
