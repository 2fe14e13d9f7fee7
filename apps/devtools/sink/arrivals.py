"""What arrived: each request as it was, in words and as JSON, and the last of them within bounds of memory."""

import hashlib
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from apps.devtools.sink.signatures import Verdict

MOST_KEPT = 50_000  # requests
MOST_BYTES = 128 * 1024 * 1024
OVERHEAD = 500  # bytes that a kept request takes beside its own
UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a terminal obeys these


@dataclass(slots=True)
class Arrival:
    """One request. number: from 1, without gaps. wall, monotonic: seconds, when its first byte was read."""

    number: int
    wall: float
    monotonic: float
    path: str
    head: bytes
    body: bytes
    answered: str
    signature: Verdict

    @property
    def size(self) -> int:
        return len(self.head) + len(self.body) + OVERHEAD

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case names; one that came twice holds both, with a comma."""
        return headers_of(self.head)

    @property
    def line(self) -> str:
        """One line for people: when, what, whether signed well, which attempt, and what was answered."""
        headers = self.headers
        at = datetime.fromtimestamp(self.wall, UTC)
        parts = [
            headers.get("x-betedge-event", "not an event of ours"),
            _pick(self.body),
            f"signature {self.signature}",
            f"attempt {headers.get('x-betedge-attempt', '?')}",
            f"delivery {headers.get('x-betedge-delivery', '?')}",
            f"at {self.path}",
            f"answered {self.answered}",
        ]
        words = ", ".join(part for part in parts if part)
        return f"{at:%H:%M:%S} UTC  {'arrived':<9}  {UNSHOWABLE.sub('·', words)}"

    def as_json(self) -> bytes:
        """One line; `body` as text, and `sha256` of its bytes."""
        told = {
            "number": self.number,
            "at": datetime.fromtimestamp(self.wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "wall": self.wall,
            "monotonic": self.monotonic,
            "path": self.path,
            "headers": self.headers,
            "body": self.body.decode(errors="replace"),
            "sha256": hashlib.sha256(self.body).hexdigest(),
            "signature": self.signature,
            "answered": self.answered,
            "line": self.line,
        }
        return json.dumps(told).encode() + b"\n"


@dataclass(slots=True)
class Arrivals:
    """The last requests, at most `most_kept` of them and at most MOST_BYTES. `total` counts all."""

    most_kept: int = MOST_KEPT
    total: int = 0
    kept: deque[Arrival] = field(default_factory=deque)
    bytes: int = 0

    def add(self, arrival: Arrival) -> None:
        self.kept.append(arrival)
        self.bytes += arrival.size
        while len(self.kept) > self.most_kept or self.bytes > MOST_BYTES:
            self.bytes -= self.kept.popleft().size

    def since(self, number: int, most: int) -> Iterator[Arrival]:
        """The first `most` that are kept and came after the one of that number."""
        begin = max(number + 1 - self.kept[0].number, 0) if self.kept else 0
        return islice(self.kept, begin, begin + most)

    def clear(self) -> None:
        """Forget them; numbers go on, so that nobody who reads on misses or repeats one."""
        self.kept.clear()
        self.bytes = 0


def headers_of(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        found[name] = f"{found[name]}, {value.strip()}" if name in found else value.strip()
    return found


def _pick(body: bytes) -> str:
    """The pick that a body tells of, in words; empty where it tells of none."""
    try:
        told: Any = json.loads(body)
        pick: Mapping[str, Any] = told["data"]
        words = f"{pick['pick']} @ {pick['odds']:.2f}"
        return f"{words} ({pick['result'].replace('_', ' ')})" if pick.get("result") else words
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
