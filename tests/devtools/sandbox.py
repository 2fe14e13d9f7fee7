"""What the tests of the sandbox share: a clock that moves only when told, and how to ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from apps.devtools.sandbox.faults import Faults
from apps.devtools.sandbox.serve import running_sandbox
from apps.devtools.sandbox.world import World

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SEASONS = Path(__file__).resolve().parents[3] / "shared" / "data" / "football-data"


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Upstream:
    """A running sandbox, as its consumer sees it."""

    url: str
    session: requests.Session

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params).json()

    def feed(self, path: str, **params: Any) -> Any:
        return self.get(f"/api/v1/feed{path}", **params)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=10, **options)


@contextmanager
def upstream_of(world: World, faults: Faults | None = None) -> Iterator[Upstream]:
    with running_sandbox(world, faults) as url, requests.Session() as session:
        yield Upstream(url, session)
