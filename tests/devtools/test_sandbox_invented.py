"""The invented world is steady, repeatable, and worth betting in now and then."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from scipy.optimize import brentq

from apps.devtools.sandbox.invented import InventedWorld
from apps.devtools.sandbox.world import Fixture
from tests.devtools.sandbox import NOON, HandClock, upstream_of

HOUR = [NOON + timedelta(seconds=second) for second in range(0, 3600, 60)]
PATHS = ("/events", "/events/live", "/socket-events", "/results?limit=40", "/sports")


def matches(world: InventedWorld, now: datetime) -> list[Fixture]:
    return [fixture for fixture in world.listed(now) if not fixture.tournament]


def fair(world: InventedWorld, fixture: Fixture, now: datetime) -> list[float]:
    """Pinnacle's match odds without their margin, by the power method."""
    implied = [1 / price for _, price, _ in world.lines(fixture, now)[0].outcomes]
    exponent = brentq(lambda k: sum(q**k for q in implied) - 1, 0.5, 3)
    return [q**exponent for q in implied]


def best_edge(world: InventedWorld, fixture: Fixture, now: datetime) -> float:
    """The best back price of any Porqpine book against Pinnacle's fair price."""
    markets = world.markets(fixture, now)
    probabilities = fair(world, fixture, now)
    return max(
        runner.back[0].odds * p - 1
        for market in (markets.exchange, markets.bookmaker)
        if market
        for runner, p in zip(market.runners, probabilities, strict=True)
    )


def edges_of_an_hour(world: InventedWorld) -> dict[Fixture, list[float]]:
    """Each anchored fixture's best edge every five seconds from its listing to its kick-off."""
    seen: dict[Fixture, list[float]] = defaultdict(list)
    for second in range(0, 3600, 5):
        now = NOON + timedelta(seconds=second)
        for fixture in matches(world, now):
            if fixture.anchor and not fixture.in_play(now) and fixture.listed_at >= NOON:
                seen[fixture].append(best_edge(world, fixture, now))
    return {fixture: edges for fixture, edges in seen.items() if len(edges) > 20}


@pytest.fixture(scope="module")
def edges() -> dict[Fixture, list[float]]:
    return edges_of_an_hour(InventedWorld(seed=2))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_there_is_always_something_in_play_and_something_about_to_begin(seed: int) -> None:
    world = InventedWorld(seed=seed)
    for now in HOUR:
        listed = matches(world, now)
        in_play = [fixture for fixture in listed if fixture.in_play(now)]
        soon = [f for f in listed if f not in in_play and f.starts_at - now < timedelta(minutes=3)]
        assert 5 <= len(in_play) <= 12
        assert 15 <= len(soon) <= 28
        assert 28 <= len(listed) - len(in_play) - len(soon) <= 32


def test_a_match_is_short_and_listed_well_before_it_begins() -> None:
    world = InventedWorld()
    for fixture in world.finished(NOON):
        assert timedelta(seconds=60) <= fixture.ends_at - fixture.starts_at <= timedelta(seconds=100)
        assert fixture.starts_at - fixture.listed_at >= timedelta(seconds=100)


def test_a_restart_with_the_same_seed_and_clock_is_the_same_world() -> None:
    clock = HandClock()
    answers = []
    for _ in range(2):
        with upstream_of(InventedWorld(seed=4, clock=clock)) as upstream:
            number = upstream.feed("/events/live")["data"][0]["id"]
            answers.append([upstream.feed(path) for path in (*PATHS, f"/event/{number}/odds")])
    with upstream_of(InventedWorld(seed=5, clock=clock)) as upstream:
        other = upstream.feed("/events")

    assert answers[0] == answers[1]
    assert other != answers[0][0]


def test_no_two_meet_again_within_hours() -> None:
    recent = [f for f in InventedWorld().finished(NOON) if f.home and f.ends_at > NOON - timedelta(hours=6)]
    met = {(fixture.sport, frozenset((fixture.home, fixture.away))) for fixture in recent}

    assert len(met) == len(recent) > 2500


def test_ten_sports_are_played() -> None:
    assert len({fixture.sport for fixture in InventedWorld().finished(NOON)}) == 10


def test_about_one_fixture_in_three_offers_an_edge_from_its_listing_on(edges: dict[Fixture, list[float]]) -> None:
    offered = [found for found in edges.values() if all(0.02 <= edge <= 0.15 for edge in found[:8])]

    assert len(edges) / 5 < len(offered) < len(edges) / 2


def test_few_edges_are_suspicious_and_no_other_price_beats_the_fair_one(edges: dict[Fixture, list[float]]) -> None:
    suspicious = [found for found in edges.values() if max(found) > 0.15]
    plain = [max(found) for found in edges.values() if max(found) < 0.02]

    assert 0 < len(suspicious) < len(edges) / 12
    assert len(plain) > len(edges) / 2
    assert max(plain) < 0.01


def test_an_edge_is_gone_before_the_kickoff_and_has_size_behind_it(edges: dict[Fixture, list[float]]) -> None:
    world = InventedWorld(seed=2)
    for fixture, found in edges.items():
        assert found[-1] < 0.02
        markets = world.markets(fixture, fixture.listed_at)
        for market in filter(None, (markets.exchange, markets.bookmaker)):
            assert all(runner.back[0].size >= 100 for runner in market.runners)


def test_laying_never_beats_the_fair_price(edges: dict[Fixture, list[float]]) -> None:
    world = InventedWorld(seed=2)
    for fixture in edges:
        exchange = world.markets(fixture, fixture.listed_at).exchange
        for runner, p in zip(
            exchange.runners if exchange else (), fair(world, fixture, fixture.listed_at), strict=False
        ):
            assert not runner.lay or runner.lay[0].odds / (runner.lay[0].odds - 1) * (1 - p) - 1 < 0.02


def test_prices_stand_still_for_seconds_and_move_within_minutes() -> None:
    world = InventedWorld()
    for fixture in matches(world, NOON):
        if fixture.starts_at - NOON < timedelta(minutes=3) and world.markets(fixture, NOON).exchange:
            moments = [fixture.listed_at + timedelta(seconds=second) for second in range(100)]
            prices = [world.markets(fixture, moment) for moment in moments]
            changes = sum(before != after for before, after in pairwise(prices))
            assert 5 < changes < 30


def test_results_fall_as_the_closing_prices_said() -> None:
    world = InventedWorld()
    favourites = []
    for fixture in world.finished(NOON):
        if fixture.sport == "Football" and fixture.anchor and fixture.outcome.winner:
            closing = fair(world, fixture, fixture.starts_at - timedelta(milliseconds=1))
            favourite = closing.index(max(closing))
            favourites.append((max(closing), fixture.outcome.winner == fixture.selections[favourite]))
    expected = sum(p for p, _ in favourites)
    won = sum(hit for _, hit in favourites)

    assert len(favourites) > 1500
    assert abs(won - expected) < 3 * (expected * (1 - expected / len(favourites))) ** 0.5


def test_fixtures_far_ahead_have_no_prices_yet() -> None:
    world = InventedWorld()
    far = [fixture for fixture in matches(world, NOON) if fixture.starts_at - NOON > timedelta(hours=1)]

    assert len(far) >= 28
    assert max(fixture.starts_at for fixture in far) > NOON + timedelta(days=3)
    for fixture in far:
        markets = world.markets(fixture, NOON)
        assert (markets.exchange, markets.bookmaker, world.lines(fixture, NOON)) == (None, None, ())
