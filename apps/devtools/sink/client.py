"""Ask a running sink what arrived, and tell it how to behave."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SinkClient:
    """`url` is the sink's control address. Every call raises OSError where no sink answers or one refuses."""

    url: str

    def arrivals(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """Everything that is kept and came after the arrival of that number, in order."""
        while lines := self._ask(f"/arrivals?since={since}").splitlines():
            for line in lines:
                arrival = json.loads(line)
                since = arrival["number"]
                yield arrival

    def state(self) -> dict[str, Any]:
        """`total`: how many arrived in all. `oldest_kept`: a number, or None. `behaviours`: by path."""
        return dict(json.loads(self._ask("/state")))

    def behave(self, behaviour: str, *, path: str = "") -> None:
        """At the path and beneath it; without one, wherever nothing else is said."""
        self._ask("/behaviour", {"path": path, "behaviour": behaviour})

    def learn(self, secret: str, *, path: str = "") -> None:
        """Check signatures at the path and beneath it with the secret of its subscription."""
        self._ask("/secret", {"path": path, "secret": secret})

    def clear(self) -> None:
        self._ask("/clear", {})

    def _ask(self, path: str, told: dict[str, str] | None = None) -> bytes:
        request = urllib.request.Request(f"{self.url}{path}", data=None if told is None else json.dumps(told).encode())
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return bytes(answer.read())
