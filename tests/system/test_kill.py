"""Everything is killed with -9 while a season runs. Afterwards no pick is double or unsettled, no event is missing."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import environ
import psutil
import pytest
import redis
from django.db import connection
from django.db.models import F, Min

from apps.devtools.demo import REPLAY_FLOORS
from apps.devtools.stack.ports import free_port
from apps.devtools.stack.processes import Child
from apps.devtools.stack.stack import Stack
from apps.feed.models import Fixture, Result, Selection
from apps.feed.services import TICK
from apps.outbox.models import OutboxEvent
from apps.picks.models import AutoPublish, Decision, Pick, Settlement, Status
from apps.picks.rollup import differences
from tests.system.season import home_of, kind_of, write_season
from tests.system.waiting import eventually

pytestmark = pytest.mark.xdist_group("kill")  # a group of its own: it keeps one core busy for a minute

MATCHES = 36
FIRST_KICKOFF, LAST_KICKOFF = 40, 52  # seconds after the start of the stack
BEFORE_FIRST, AFTER_LAST = 45, 25  # what a replay leaves before its first kick-off and after its last
LEAD = 16  # seconds: the closing prices stand from 15 s before a kick-off
PACE = {"BETEDGE_KICKOFF_LEAD_SECONDS": str(LEAD), "BETEDGE_POLL_RESULTS_SECONDS": "3"}
TIME_TO_PROPOSE = timedelta(seconds=12)  # two restarts of a worker, and the turns of beat in between

SEED = 25
# "worker" takes the whole tree, "head" the main process alone, "child" one of its pool.
VICTIMS = ["worker", "worker", "head", *["child"] * 4, *["beat"] * 2, *["sandbox"] * 2, "postgres", "valkey"]


@pytest.fixture
def stack(tmp_path: Path, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A running season on servers of its own; Django's connection in this process reads that database."""
    epoch = datetime.now(UTC) + timedelta(seconds=FIRST_KICKOFF - BEFORE_FIRST)
    minutes = (LAST_KICKOFF - FIRST_KICKOFF + BEFORE_FIRST + AFTER_LAST) / 60
    season = write_season(tmp_path / "season.csv", matches=MATCHES)
    running = Stack(
        tmp_path / "data",
        port=free_port(),
        environ={"PATH": os.environ["PATH"]},
        processes=("worker", "beat"),
        sandbox_args=[str(season), "--minutes", f"{minutes:.3f}", "--epoch", epoch.isoformat()],
        prepare=("migrate",),
        extra_env=PACE,
    )
    try:
        running.start()
        connection.close()
        for name, value in environ.Env.db_url_config(running.env["DATABASE_URL"]).items():
            if name in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
                monkeypatch.setitem(connection.settings_dict, name, value)
        with django_db_blocker.unblock():
            AutoPublish.objects.create(sport="*", enabled=True, **REPLAY_FLOORS)
            yield running
            connection.close()
    finally:
        running.stop()
        running.wipe()


def test_whatever_is_killed_no_pick_or_event_is_lost_or_told_twice(stack: Stack) -> None:
    dice = random.Random(SEED)
    victims = dice.sample(VICTIMS, len(VICTIMS))
    eventually(Fixture.objects.exists, within=30, what="the first fixtures", meanwhile=stack.tick)
    for victim in victims:
        wait_for_the_moment(dice.uniform(1.0, 5.0), stack)
        kill(victim, stack)
    eventually(everything_has_ended, within=60, what="every match has ended and is settled", meanwhile=stack.tick)
    stack.children["beat"].stop(timeout=10)
    stack.children["worker"].stop(timeout=10)

    assert Fixture.objects.count() == MATCHES
    assert_each_match_is_one_pick_or_explained()
    assert_the_log_tells_every_change_once_and_in_order()
    assert_every_settlement_is_counted_once()


def wait_for_the_moment(seconds: float, stack: Stack) -> None:
    """At most so long; in the second half of it until a pick is published or settled, most often one of many."""
    eventually(after(seconds / 2), within=10, what="half the time", meanwhile=stack.tick)
    over = after(seconds / 2)
    lengths: set[int] = set()  # of the log, at each look at it

    def it_grows() -> bool:
        lengths.add(OutboxEvent.objects.count())
        return len(lengths) > 1

    eventually(
        lambda: over() or it_grows(),
        within=10,
        what="the moment",
        meanwhile=stack.tick,
        pause=0.005,
    )


def after(seconds: float) -> Callable[[], bool]:
    moment = time.monotonic() + seconds
    return lambda: time.monotonic() >= moment


def kill(victim: str, stack: Stack) -> None:
    """End one process, or a tree of them, in the middle of whatever it does."""
    name = "worker" if victim in ("head", "child") else victim
    child = stack.children[name]
    eventually(child.alive, within=10, what=f"{name} is back", meanwhile=stack.tick)
    if victim == "child":
        # One killed before the pool is up takes the worker with it: that is the other two's part.
        eventually(lambda: has_worked(child, stack), within=20, what="the worker works", meanwhile=stack.tick)
        psutil.Process(child.pid).children()[0].kill()
    elif victim == "worker":
        os.killpg(child.pid or 0, signal.SIGKILL)
    else:
        os.kill(child.pid or 0, signal.SIGKILL)


def has_worked(child: Child, stack: Stack) -> bool:
    """Whether a task of the worker that runs now has run."""
    with suppress(redis.RedisError), redis.Redis.from_url(stack.env["REDIS_URL"]) as store:
        tick = store.get(TICK)
        return tick is not None and float(tick) > time.time() - (time.monotonic() - child.started_at)
    return False


def everything_has_ended() -> bool:
    unended = Fixture.objects.filter(results=None).exists()
    return not unended and not Pick.objects.filter(status__in=[Status.REVIEW, Status.PUBLISHED]).exists()


def assert_each_match_is_one_pick_or_explained() -> None:
    picks = {pick.fixture.home_team: pick for pick in Pick.objects.select_related("fixture")}
    assert len(picks) == Pick.objects.count(), "one pick per fixture and market"
    settled = 0
    for number in range(MATCHES):
        pick = picks.get(home_of(number))
        if kind_of(number) == "none":
            assert pick is None
        elif pick is None:
            assert priced_too_late(home_of(number)), f"{home_of(number)} had an edge in good time and made no pick"
        elif pick.status == Status.EXPIRED:
            assert pick.decisions.get().action == Decision.Action.EXPIRED
        else:
            assert (pick.status, pick.suspicious, pick.held) == (Status.SETTLED, False, "")
            assert pick.decisions.get().action == Decision.Action.APPROVED
            settled += 1
    assert settled >= 12, "a run in which hardly anything happens shows nothing"
    assert Result.objects.count() == MATCHES


def priced_too_late(home_team: str) -> bool:
    fixture = Fixture.objects.get(home_team=home_team)
    first = dict(
        Selection.objects.filter(market__fixture=fixture)
        .values_list("market__book")
        .annotate(at=Min("quotes__observed_at"))
    )
    known = max(first["pinnacle"], first["bookmaker"]) if {"pinnacle", "bookmaker"} <= first.keys() else None
    assert fixture.kickoff_at is not None
    return known is None or known > fixture.kickoff_at - timedelta(seconds=LEAD) - TIME_TO_PROPOSE


def assert_the_log_tells_every_change_once_and_in_order() -> None:
    events = list(OutboxEvent.objects.order_by("sequence"))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    told = Counter((event.type, event.subject_id) for event in events)
    out = Pick.objects.filter(published_at__isnull=False).values_list("pk", flat=True)
    assert told == Counter([(kind, pk) for pk in out for kind in ("pick.published", "pick.settled")])
    places = {(event.type, event.subject_id): event.sequence for event in events}
    assert all(places["pick.published", pk] < places["pick.settled", pk] for pk in out)
    for event in events:
        body = json.loads(event.body)
        assert (body["event"], body["data"]["id"]) == (event.type, str(event.subject_id))


def assert_every_settlement_is_counted_once() -> None:
    settled = Pick.objects.filter(status=Status.SETTLED)
    assert Settlement.objects.count() == settled.count()
    assert (
        Settlement.objects.filter(number=1, pick__result=F("result"), pick__profit=F("profit")).count()
        == settled.count()
    )
    assert differences() == []
