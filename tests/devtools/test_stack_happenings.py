"""What `make run` says while it runs."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from apps.devtools.stack.happenings import Watcher
from apps.feed.models import Fixture, Kind, Side
from apps.picks.models import Outcome, Pick, Status
from tests.devtools.test_sink import send
from tests.sinks import running_sink

NOON = datetime(2026, 5, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
def watched(db: None, monkeypatch: pytest.MonkeyPatch) -> tuple[Watcher, list[str]]:
    """A watcher that has seen nothing yet, and what it says."""
    monkeypatch.setattr("apps.devtools.stack.happenings.timezone.now", lambda: NOON)
    said: list[str] = []
    return Watcher(said.append), said


def a_fixture(*, seen: datetime) -> Fixture:
    return Fixture.objects.create(
        sport="soccer",
        league="Premier League",
        name="Arsenal vs Fulham",
        kickoff_at=NOON + timedelta(hours=2),
        first_seen_at=seen,
        last_seen_at=seen,
    )


def a_pick(fixture: Fixture, *, proposed: datetime) -> Pick:
    return Pick.objects.create(
        fixture=fixture,
        sport="soccer",
        kickoff_at=fixture.kickoff_at,
        question=Kind.MATCH_ODDS,
        market=Kind.ASIAN_HANDICAP,
        side=Side.HOME,
        line=Decimal("-0.5"),
        selection="Arsenal -0.5 Asian Handicap",
        odds=Decimal("2.10"),
        fair_odds=Decimal("2.03"),
        fair_probability=1 / 2.03,
        edge=Decimal("0.0341"),
        confidence=4,
        anchor="pinnacle",
        proposed_at=proposed,
    )


def test_each_step_of_a_pick_is_a_line(watched: tuple[Watcher, list[str]]) -> None:
    watcher, said = watched
    second = [NOON + timedelta(seconds=number) for number in range(5)]
    fixture = a_fixture(seen=second[1])
    watcher.look(second[1])
    pick = a_pick(fixture, proposed=second[2])
    watcher.look(second[2])
    pick.status, pick.published_at = Status.PUBLISHED, second[3]
    pick.save()
    watcher.look(second[3])
    pick.status, pick.settled_at, pick.result, pick.profit = Status.SETTLED, second[4], Outcome.WIN, Decimal("1.10")
    pick.save()
    watcher.look(second[4])

    assert said[0] == "12:00:01 UTC  fixture    Premier League: Arsenal vs Fulham, kick-off 14:00:00"
    assert re.fullmatch(r"12:00:02 UTC  proposed   .* @ 2\.10?, edge \+3\.41 %, confidence 4", said[1])
    assert re.fullmatch(r"12:00:03 UTC  published  .* @ 2\.10?, edge \+3\.41 %, confidence 4", said[2])
    assert re.fullmatch(r"12:00:04 UTC  settled    .* @ 2\.10?: win, \+1\.10 units", said[3])


def test_much_at_once_is_one_line_that_counts_the_rest(watched: tuple[Watcher, list[str]]) -> None:
    watcher, said = watched
    a_pick(a_fixture(seen=NOON), proposed=NOON)
    a_fixture(seen=NOON)
    watcher.look(NOON + timedelta(seconds=1))
    assert len(said) == 1
    assert re.search(r"proposed .* · 2 more$", said[0])


def test_nothing_is_told_twice_nor_what_was_there_before(watched: tuple[Watcher, list[str]]) -> None:
    watcher, said = watched
    a_fixture(seen=NOON - timedelta(seconds=1))
    a_fixture(seen=NOON)
    watcher.look(NOON + timedelta(seconds=1))
    watcher.look(NOON + timedelta(seconds=2))
    assert len(said) == 1
    assert "more" not in said[0]


def test_every_webhook_that_arrives_at_the_sink_is_a_line(tmp_path: Path) -> None:
    said: list[str] = []
    with running_sink(tmp_path) as sink:
        send(sink, "/demo")  # before anybody watched
        watcher = Watcher(said.append, sink.control)
        for _ in range(2):
            watcher.look_at_the_sink()
        assert said == []
        send(sink, "/demo", attempt=1)
        send(sink, "/demo", attempt=2)
        for _ in range(2):
            watcher.look_at_the_sink()
        assert [line.partition("attempt ")[2][0] for line in said] == ["1", "2"]
        assert re.match(r"\d\d:\d\d:\d\d UTC  arrived    pick\.published, Arsenal", said[0])
        for _ in range(60):
            send(sink, "/demo")
        watcher.look_at_the_sink()
        assert len(said) == 2 + 50 + 1
        assert said[-1].endswith("arrived    10 more")


def test_a_sink_that_was_started_again_is_watched_from_its_beginning(tmp_path: Path) -> None:
    said: list[str] = []
    with running_sink(tmp_path) as first:
        control = str(first.control.url.rpartition(":")[2])
        send(first, "/demo")
        send(first, "/demo")
        watcher = Watcher(said.append, first.control)
        watcher.look_at_the_sink()
    with running_sink(tmp_path, "--control", control) as second:
        send(second, "/demo")
        watcher.look_at_the_sink()
    assert len(said) == 1
