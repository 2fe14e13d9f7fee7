"""The feed fails in every way it can, over real HTTP: nothing crashes, nothing good is lost, and it mends by itself."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from apps.devtools.sandbox.app import Sandbox
from apps.devtools.sandbox.invented import InventedWorld
from apps.devtools.sandbox.replay import ReplayWorld
from apps.devtools.sandbox.serve import listen, server
from apps.devtools.sandbox.world import World
from apps.feed import http, polls, services
from apps.feed.anchors.pinnacle import odds_api
from apps.feed.models import Fixture, Poll, Selection
from apps.feed.porqpine.client import porqpine
from apps.picks.models import Pick, Status
from apps.picks.proposing import propose
from apps.picks.services import publish_due
from apps.picks.settling import settle_due
from tests.devtools.sandbox import HandClock
from tests.system.season import kind_of, write_season
from tests.system.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis")]

MATCHES = 12
EDGES = sum(kind_of(number) != "none" for number in range(MATCHES))
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
def line(clock: HandClock, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Our side, set to ask a port where nobody listens yet; retries do not wait."""
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
    polls.claim_due(now=clock())
    yield here
    porqpine.cache_clear()
    odds_api.cache_clear()


@contextmanager
def far_side(line: Line, world: World) -> Iterator[None]:
    """The sandbox on the port that our side asks."""
    running = server(Sandbox(world))
    with listen("127.0.0.1", line.port) as listener:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            running.should_exit = True
            thread.join()


@pytest.fixture
def running(line: Line, season: World) -> Iterator[Line]:
    """A season under way that has been read once, without faults: every edge is a pick in review."""
    with far_side(line, season):
        line.turn()
        assert line.health() == ("ok", "every poll is well")
        assert Pick.objects.filter(status=Status.REVIEW).count() == EDGES
        yield line


def test_an_upstream_that_is_down_at_the_start_is_named_and_taken_in_when_it_comes(line: Line, season: World) -> None:
    line.turn()
    state, detail = line.health()
    assert state == "degraded"
    assert "catalogue: porqpine /api/v1/feed/events" in detail
    assert not Fixture.objects.exists()

    with far_side(line, season):
        line.mends_by_itself()
        assert Fixture.objects.count() == MATCHES
        assert Pick.objects.count() == EDGES


def test_a_502_now_and_then_is_asked_again_and_nobody_notices(running: Line) -> None:
    running.faults(rate_502=0.2)
    running.turn()

    assert running.health()[0] == "ok"
    assert not Poll.objects.exclude(failures=0).exists()


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"rate_502": 1}, "answered 502"),
        ({"truncate": 1}, "not whole JSON"),
        ({"drop": 1}, "onnection broken"),
        ({"latency_s": 0.4}, "timed out"),
    ],
)
def test_an_upstream_that_gives_no_answer_is_named_and_costs_nothing_known(
    running: Line, monkeypatch: pytest.MonkeyPatch, faults: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", (1.0, 0.1))
    before = list(Selection.objects.order_by("pk").values())
    running.faults(**faults)
    running.turn()

    state, detail = running.health()
    assert state == "degraded"
    assert "catalogue: last good" in detail
    assert said in detail
    assert list(Selection.objects.order_by("pk").values()) == before
    assert Pick.objects.filter(status=Status.REVIEW).count() == EDGES

    monkeypatch.setattr(http, "TIMEOUT", (3.0, 10.0))
    running.mend()
    running.mends_by_itself()


@pytest.mark.parametrize("seed", range(6))
def test_of_a_spoiled_page_everything_good_is_taken(line: Line, clock: HandClock, seed: int) -> None:
    with far_side(line, InventedWorld(seed=1, catalogue=60, clock=clock)):
        good = {record["id"]: record for record in line.records("/events")}
        line.faults(malformed=0.3, seed=seed)
        spoiled = line.records("/events")
        line.faults(malformed=0.3, seed=seed)  # the dice anew: the same records are spoiled again
        polls.run("catalogue")

        whole = [r for r in spoiled if isinstance(r, dict) and good.get(r.get("id")) == r]
        known = set(Fixture.objects.values_list("internal_id", flat=True))
        assert len(good) * 0.5 < len(whole) < len(good)
        assert {str(record["id"]) for record in whole} <= known
        poll = Poll.objects.get(name="catalogue")
        assert poll.records + poll.skipped == len(spoiled)
        assert poll.skipped > 0


@pytest.mark.parametrize("seed", range(6))
def test_spoiled_answers_everywhere_crash_nothing_and_invent_no_price(line: Line, clock: HandClock, seed: int) -> None:
    with far_side(line, InventedWorld(seed=1, clock=clock)):
        line.turn()
        line.faults(malformed=0.3, seed=seed)
        for _ in range(4):
            clock.forward(20)
            line.turn()
        assert not Selection.objects.filter(back_odds__lte=1).exists()
        skipped = sum(Poll.objects.values_list("skipped", flat=True))
        assert skipped > 0
        line.mend()
        clock.forward(5)
        line.mends_by_itself()
        assert line.health() == ("ok", "every poll is well")


def test_an_upstream_that_calls_itself_unwell_is_quoted(running: Line) -> None:
    running.faults(unhealthy=True)
    running.turn()
    assert running.health() == ("degraded", "health: upstream's own socket is not connected")

    running.mend()
    running.mends_by_itself()


@pytest.mark.parametrize("source", ["cache", "skeleton"])
def test_prices_that_are_not_live_make_no_candidates(line: Line, season: World, source: str) -> None:
    with far_side(line, season):
        line.faults(source=source)
        line.turn()
        assert Selection.objects.filter(market__book="bookmaker").exists()
        assert not Selection.objects.filter(market__book="bookmaker", fresh=True).exists()
        assert not Pick.objects.exists()
        state, detail = line.health()
        assert state == "degraded"
        assert "odds: upstream does not answer from its live source" in detail

        line.mend()
        line.mends_by_itself()
        assert Pick.objects.count() == EDGES


def test_prices_that_nobody_confirms_make_no_candidates(line: Line, season: World, clock: HandClock) -> None:
    with far_side(line, season):
        polls.run("catalogue")
        services.refresh_due_odds(now=clock())
        polls.run("anchor")
        Fixture.objects.update(kickoff_at=clock() + timedelta(hours=2))
    clock.forward(601)
    propose(now=clock())

    assert not Pick.objects.exists()


def test_a_feed_that_stands_still_is_noticed_and_makes_no_candidates(line: Line, clock: HandClock) -> None:
    with far_side(line, InventedWorld(seed=1, catalogue=60, clock=clock)):
        line.turn()
        line.faults(frozen=True)
        line.turn()
        Pick.objects.all().delete()
        for _ in range(3):
            clock.forward(220)
            line.turn()
            Fixture.objects.filter(kickoff_at__lt=clock() + timedelta(hours=1)).update(
                kickoff_at=clock() + timedelta(hours=1)
            )
        Pick.objects.all().delete()
        line.turn()
        assert not Pick.objects.exists()
        state, detail = line.health()
        assert state == "degraded"
        assert "no price has moved since" in detail

        line.mend()
        line.mends_by_itself()


@dataclass(slots=True)
class Renumbered:
    """The same matches under other internal ids, as after a restart of upstream; the Betfair ids stay."""

    world: ReplayWorld
    ahead: int = 7_000

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)
