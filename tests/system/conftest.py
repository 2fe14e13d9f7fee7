"""A line without a far side, and a season under way."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.devtools.sandbox.replay import ReplayWorld
from apps.devtools.sandbox.serve import listen
from apps.devtools.sandbox.world import World
from tests.devtools.sandbox import HandClock
from tests.system.season import EDGES, MATCHES, write_season

if TYPE_CHECKING:  # pytest loads this file before Django's apps are
    from tests.system.line import Line


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    """The one clock of both sides. It stands still until it is moved."""
    hand = HandClock(timezone.now().replace(microsecond=0))
    monkeypatch.setattr(timezone, "now", hand)
    return hand


@pytest.fixture
def season(tmp_path: Path, clock: HandClock) -> World:
    """Twelve matches that begin from 45 s to 275 s from now."""
    return ReplayWorld([write_season(tmp_path / "season.csv", matches=MATCHES)], clock(), minutes=5, now=clock)


@pytest.fixture
def line(clock: HandClock, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator["Line"]:
    """Our side, set to ask a port where nobody listens yet; retries do not wait."""
    from apps.feed import http
    from apps.feed.anchors.pinnacle import odds_api
    from apps.feed.porqpine.client import porqpine
    from tests.system.line import Line

    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    here = Line(port, clock, client)
    settings.PORQPINE_URL = settings.ODDS_API_URL = here.url
    settings.PORQPINE_REQUESTS_PER_SECOND = 10_000
    settings.ODDS_API_KEY = "sandbox"
    settings.KICKOFF_LEAD_SECONDS = 20
    impatient = SimpleNamespace(sleep=lambda _seconds: None, monotonic=time.monotonic, time=time.time)
    monkeypatch.setattr(http, "time", impatient)
    porqpine.cache_clear()
    odds_api.cache_clear()
    yield here
    porqpine.cache_clear()
    odds_api.cache_clear()


@pytest.fixture
def running(line: "Line", season: World) -> Iterator["Line"]:
    """A season under way that has been read once, without faults: every edge is a pick in review."""
    from apps.picks.models import Pick, Status
    from tests.system.line import far_side

    with far_side(line, season):
        line.turn()
        assert line.health() == ("ok", "every poll is well")
        assert Pick.objects.filter(status=Status.REVIEW).count() == EDGES
        yield line
