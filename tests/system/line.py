"""Our whole side of the feed, run by hand and on one clock, against a sandbox that breaks on demand."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from django.test import Client

from apps.devtools.sandbox.app import Asked, Sandbox
from apps.devtools.sandbox.serve import listen, server
from apps.devtools.sandbox.world import World
from apps.feed import polls, services
from apps.feed.models import Fixture
from apps.picks.proposing import propose
from apps.picks.services import publish_due
from apps.picks.settling import settle_due
from tests.devtools.sandbox import HandClock
from tests.system.waiting import eventually

PATIENCE = 60  # seconds of real time: the longest that a circuit stays open


@dataclass
class Line:
    """Our side of the feed, and a far side that breaks on demand."""

    port: int
    clock: HandClock
    client: Client

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def turn(self) -> None:
        """Everything that beat would run once."""
        now = self.clock()
        for name in polls.POLLS:
            polls.run(name)
        Fixture.objects.filter(odds_due_at__isnull=False).update(odds_due_at=now)
        services.refresh_due_odds(now=now, most=500)
        services.ask_due_results(now=now)
        propose(now=now)
        publish_due(now=now)
        settle_due(now=now)

    def faults(self, **faults: Any) -> None:
        answer = requests.post(f"{self.url}/_sandbox/faults", json={"seed": 3, **faults}, timeout=10)
        assert answer.status_code == 200, answer.text

    def mend(self) -> None:
        requests.delete(f"{self.url}/_sandbox/faults", timeout=10).raise_for_status()

    def records(self, path: str, **params: Any) -> Any:
        """The far side's own answer, asked past the code under test."""
        return requests.get(f"{self.url}/api/v1/feed{path}", params=params, timeout=10).json()["data"]

    def health(self) -> tuple[str, str]:
        """What /readyz says of the feed. It is never down for that: requests are served."""
        answer = self.client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json()["status"] != "down"
        feed = answer.json()["checks"]["feed"]
        return feed["status"], feed["detail"]

    def mends_by_itself(self) -> None:
        """Turn after turn until the circuit has closed, /readyz is content, and the market can be bet on."""

        def well() -> bool:
            self.turn()
            return self.health()[0] == "ok"

        eventually(well, within=PATIENCE, what="the feed is well again")


class Altered(Sandbox):
    """A sandbox whose answers are changed on their way out."""

    change: Callable[[Any], Any] = staticmethod(lambda answer: answer)

    def answer(self, asked: Asked) -> Any:
        return self.change(super().answer(asked))


def listed(answer: Any) -> list[dict[str, Any]]:
    """The records of a list of either API; none of any other answer."""
    records = answer.get("data") if isinstance(answer, dict) else answer
    return records if isinstance(records, list) else []


@contextmanager
def far_side(line: Line, world: World, change: Callable[[Any], Any] | None = None) -> Iterator[None]:
    """The sandbox on the port that our side asks, its answers changed by `change`."""
    sandbox = Altered(world)
    if change is not None:
        sandbox.change = change
    running = server(sandbox)
    with listen("127.0.0.1", line.port) as listener:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            running.should_exit = True
            thread.join()
