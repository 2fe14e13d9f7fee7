"""A replayed season keeps its order, its prices and its results, in minutes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.devtools.sandbox.replay import ReplayWorld, SeasonUnreadable, read_season
from tests.devtools.sandbox import NOON, SEASONS, HandClock, Upstream, upstream_of

MARK = "\ufeff"  # the byte-order mark that the files begin with
SEASON = """Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,PSH,PSD,PSA,MaxH,MaxD,MaxA,PSCH,PSCD,PSCA,MaxCH,MaxCD,MaxCA
E0,16/08/2024,20:00,Man United,Fulham,1,0,H,1.63,4.38,5.3,1.68,4.5,5.5,1.65,4.23,5.28,1.7,4.33,5.5
E0,17/08/2024,15:00,Arsenal,Wolves,2,2,D,1.16,8.5,17,1.18,8.9,21,1.17,8.4,,1.19,,21
E0,17/08/2024,15:00,Everton,Brighton,0,3,A,2.7,x,2.78,,3.4,2.9,2.9,3.4,2.6,2.95,3.5,2.65
E0,18/01/2025,15:00,Leicester,Fulham,0,2,A,inf,3.6,2.0,4.2,1,2.1,4.1,3.6,1.9,4.3,3.7,2.0
E0,19/01/2025,15:00,,Chelsea,0,2,A,,,,,,,,,,,,
E0,20/01/2025,15:00,Ipswich,Chelsea,,,,,,,,,,,,,,,
"""
KEY = "/v4/sports/soccer_epl/odds"
Make = Callable[..., ReplayWorld]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def season(tmp_path: Path) -> Path:
    path = tmp_path / "E0_2425.csv"
    path.write_text(MARK + SEASON, encoding="utf-8")
    return path


@pytest.fixture
def world(season: Path, clock: HandClock) -> ReplayWorld:
    return ReplayWorld([season], NOON, minutes=5, start_in=10, now=clock)


@pytest.fixture
def upstream(world: ReplayWorld) -> Iterator[Upstream]:
    with upstream_of(world) as running:
        yield running


def bookmaker(upstream: Upstream, number: int) -> list[tuple[float, float] | None]:
    data = upstream.feed(f"/event/{number}/odds")["data"]
    assert data["match_odds"] == []
    return [
        (runner["back"][0]["odds"], runner["back"][0]["size"]) if runner["back"] else None
        for market in data["bookmaker"]
        for runner in market["selections"]
    ]


def pinnacle(upstream: Upstream, home: str) -> dict[str, float]:
    row = next(row for row in upstream.get(KEY, apiKey="sandbox") if row["home_team"] == home)
    return {
        outcome["name"]: outcome["price"]
        for book in row["bookmakers"]
        for market in book["markets"]
        for outcome in market["outcomes"]
    }


def test_kickoffs_are_uk_time(season: Path) -> None:
    played = [match.played_at for match in read_season(season)]

    assert played[0] == datetime(2024, 8, 16, 19, 0, tzinfo=UTC)
    assert played[-1] == datetime(2025, 1, 18, 15, 0, tzinfo=UTC)


def test_lines_without_a_team_or_a_result_are_left_out(season: Path) -> None:
    assert len(read_season(season)) == 4


def test_the_season_is_squeezed_into_the_minutes_given(world: ReplayWorld) -> None:
    starts = [fixture.starts_at for fixture in world.listed(NOON)]

    assert starts[0] == NOON + timedelta(seconds=55)
    assert starts[-1] == NOON + timedelta(minutes=5, seconds=-25)
    assert starts[1] == starts[2]
    assert starts[0] < starts[1] < starts[3]
    assert (starts[1] - starts[0]) / (starts[3] - starts[0]) == pytest.approx(19 / (155 * 24 - 4), rel=0.02)


def test_everything_is_listed_from_the_beginning_with_its_start(upstream: Upstream) -> None:
    events = upstream.feed("/events", sport="football")["data"]

    assert [event["name"] for event in events][:2] == ["Man United vs Fulham", "Arsenal vs Wolves"]
    assert {event["competition"]["name"] for event in events} == {"Premier League"}
    assert events[0]["start_time"] == "2026-11-20T12:00:55Z"
    assert upstream.ask("GET", "/api/v1/feed/events").headers["X-Porqpine-Sandbox"] == "replay"


def test_the_best_prices_are_one_bookmakers_until_the_close(upstream: Upstream, clock: HandClock) -> None:
    first, second, third, fourth = (event["id"] for event in upstream.feed("/events")["data"])
    opening = bookmaker(upstream, first)
    clock.forward(41)  # 14 s before the first kick-off

    assert opening == [(1.68, 1000), (5.5, 1000), (4.5, 1000)]
    assert bookmaker(upstream, first) == [(1.7, 1000), (5.5, 1000), (4.33, 1000)]
    assert bookmaker(upstream, third) == [None, (2.9, 1000), (3.4, 1000)]
    assert bookmaker(upstream, fourth) == [(4.2, 1000), (2.1, 1000), None]
    clock.forward(14)
    assert bookmaker(upstream, first) == []
    assert bookmaker(upstream, second) != []


def test_pinnacle_moves_to_its_close_or_is_withdrawn(upstream: Upstream, clock: HandClock) -> None:
    assert pinnacle(upstream, "Man United") == {"Man United": 1.63, "Fulham": 5.3, "Draw": 4.38}
    assert pinnacle(upstream, "Arsenal") == {"Arsenal": 1.16, "Wolves": 17, "Draw": 8.5}
    assert pinnacle(upstream, "Everton") == {"Everton": 2.7, "Brighton": 2.78}
    assert pinnacle(upstream, "Leicester") == {"Fulham": 2.0, "Draw": 3.6}
    clock.forward(41.5)  # within 15 s of the first three

    assert pinnacle(upstream, "Man United") == {"Man United": 1.65, "Fulham": 5.28, "Draw": 4.23}
    assert pinnacle(upstream, "Arsenal") == {}
    assert pinnacle(upstream, "Everton") == {"Everton": 2.9, "Brighton": 2.6, "Draw": 3.4}


def test_the_real_result_appears_at_the_end(upstream: Upstream, clock: HandClock) -> None:
    numbers = [event["id"] for event in upstream.feed("/events")["data"]]
    clock.forward(56)
    assert [event["id"] for event in upstream.feed("/events/live")["data"]][:1] == numbers[:1]
    assert upstream.ask("GET", f"/api/v1/feed/result/{numbers[0]}").status_code == 404
    clock.forward(9)

    results = {record["name"]: record for record in upstream.feed("/results")["data"]}
    assert results["Man United vs Fulham"]["winner"] == "Man United"
    assert results["Arsenal vs Wolves"]["winner"] == "The Draw"
    assert results["Everton vs Brighton"]["final_scores"] == {"home": 0, "away": 3, "status": "FT"}
    assert upstream.feed(f"/result/{numbers[2]}")["data"]["winner"] == "Brighton"


def test_the_replay_is_done_once_every_match_has_ended(upstream: Upstream, clock: HandClock) -> None:
    states = []
    for seconds in (0, 60, 222, 1):
        clock.forward(seconds)
        state = upstream.get("/_sandbox/state")
        states.append((state["fixtures"], state["finished"], state["total"], state["done"]))

    assert states == [(4, 0, 4, False), (4, 0, 4, False), (1, 3, 4, False), (0, 4, 4, True)]


def test_a_restart_with_the_same_epoch_goes_on_where_it_was(season: Path, clock: HandClock) -> None:
    clock.forward(70.5)
    answers = []
    for _ in range(2):
        with upstream_of(ReplayWorld([season], NOON, now=clock)) as upstream:
            answers.append([upstream.feed(path) for path in ("/events", "/results")])

    assert answers[0] == answers[1]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n"])
def test_a_file_without_matches_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty.csv"
    path.write_text(text)

    with pytest.raises(SeasonUnreadable, match="holds no finished match"):
        ReplayWorld([path], NOON)
    with pytest.raises(SeasonUnreadable, match="cannot be read"):
        ReplayWorld([tmp_path / "absent.csv"], NOON)


def test_too_few_minutes_are_refused_in_a_sentence(season: Path) -> None:
    with pytest.raises(SeasonUnreadable, match="too few"):
        ReplayWorld([season], NOON, minutes=1)


@pytest.mark.skipif(not SEASONS.is_dir(), reason="the season files of ../shared/data are not here")
def test_a_real_season_replays_whole(clock: HandClock) -> None:
    path = SEASONS / "E0_2425.csv"
    world = ReplayWorld([path], NOON, now=clock)
    matches = read_season(path)
    clock.forward(5 * 60)
    with upstream_of(world) as upstream:
        results = {record["name"]: record for record in upstream.feed("/results", limit=1000)["data"]}

    assert len(results) == len(matches) == 380
    assert world.listed(clock()) == []
    for match in matches:
        record = results[f"{match.home} vs {match.away}"]
        assert (record["final_scores"]["home"], record["final_scores"]["away"]) == match.goals
    assert len({fixture.starts_at for fixture in world.listed(NOON)}) == len({match.played_at for match in matches})
