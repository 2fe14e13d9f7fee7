"""The feed gives no answer, or none to rely on: nothing crashes, /readyz says what is wrong, and it mends by itself."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from apps.devtools.sandbox.replay import ReplayWorld
from apps.devtools.sandbox.world import World
from apps.feed import http, odds, polls, services, stillness
from apps.feed.models import Fixture, Poll, Selection
from apps.picks.models import Pick, Status
from apps.picks.proposing import propose
from tests.devtools.sandbox import HandClock
from tests.system.line import PATIENCE, Line, far_side
from tests.system.season import EDGES, MATCHES, write_season
from tests.system.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis")]


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
        ({"drop": 1}, "the answer broke off"),
        ({"latency_s": 0.4}, "no answer in time"),
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


def test_a_feed_that_stands_still_is_noticed_and_makes_no_candidates(
    line: Line, clock: HandClock, tmp_path: Path
) -> None:
    many = stillness.MANY  # of fewer matches it may simply be a quiet night
    world = ReplayWorld([write_season(tmp_path / "long.csv", matches=many)], clock(), minutes=60, now=clock)
    with far_side(line, world):
        line.turn()
        line.faults(frozen=True)
        for _ in range(8):
            clock.forward(100)
            line.turn()
        Pick.objects.all().delete()
        line.turn()
        state, detail = line.health()
        assert state == "degraded"
        assert "odds: no price has moved since" in detail
        assert not Pick.objects.exists()

        line.mend()

        def moves() -> bool:
            clock.forward(10)
            line.turn()
            return line.health()[0] == "ok"

        eventually(moves, within=PATIENCE, what="the feed moves again")
        assert Pick.objects.exists()


def test_an_upstream_that_hangs_is_left_alone_at_once_and_tried_again_by_one_alone(
    running: Line, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", (1.0, 0.1))
    monkeypatch.setattr(http, "PATIENCE", 0.05)
    running.faults(latency_s=0.4)
    polls.run("catalogue")
    polls.run("live")
    assert "no answer in time" in Poll.objects.get(name="catalogue").last_error
    assert "left alone" in Poll.objects.get(name="live").last_error

    running.mend()
    eventually(lambda: not redis.exists("feed:open:porqpine"), within=PATIENCE, what="the circuit may be tried")
    redis.set("feed:probe:porqpine", 1, ex=http.PROBE)  # somebody else is at it
    polls.run("live")
    assert "is being tried again" in Poll.objects.get(name="live").last_error

    redis.delete("feed:probe:porqpine")
    running.mends_by_itself()


def test_a_slow_upstream_is_read_for_a_bounded_time_and_what_was_read_is_kept(
    line: Line, season: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with far_side(line, season):
        polls.run("catalogue")
        monkeypatch.setattr(odds, "READING", 0.25)
        line.faults(latency_s=0.1)
        services.refresh_due_odds(now=line.clock())

        read = Fixture.objects.exclude(odds_read_at=None)
        assert 0 < read.count() < MATCHES
        assert Selection.objects.values("market__fixture").distinct().count() == read.count()
        assert "upstream is slow" in Poll.objects.get(name="odds").last_error

        line.mend()
        monkeypatch.setattr(odds, "READING", 15.0)
        line.mends_by_itself()
        assert read.count() == MATCHES
