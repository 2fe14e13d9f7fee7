"""The invented world: a steady stream of short matches, whose prices and results follow from seed and clock alone."""

import hashlib
import heapq
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from apps.devtools.sandbox.lanes import BFI_AHEAD, EPOCH, FAR, NEAR, Lane, catalogue_lane
from apps.devtools.sandbox.names import COMPETITIONS
from apps.devtools.sandbox.plan import Offer, Plan, draw_plan
from apps.devtools.sandbox.prices import floor_cents, in_play_probabilities, tick_down, tick_up, with_margin
from apps.devtools.sandbox.world import (
    NO_MARKETS,
    RESULTS_KEPT,
    Clock,
    Competition,
    Fixture,
    Level,
    Line,
    Market,
    Markets,
    Outcome,
    Runner,
    wall_clock,
)

PINNACLE_MARGIN = 0.025
BOOKMAKER_SHORT = 0.045  # how far a bookmaker's price stays under the fair one
THIN_SHARE = 0.08  # selections with nobody to lay to, at any moment
TOURNAMENT_IDS = 200_000_000


class InventedWorld:
    """About nine matches in play, twenty about to begin, thirty far ahead, and `catalogue` more over the next day."""

    source = "invented"

    def __init__(self, *, seed: int = 1, catalogue: int = 0, clock: Clock = wall_clock) -> None:
        self.now = clock
        self._seed = seed
        self._lanes = [NEAR, FAR, *([catalogue_lane(catalogue)] if catalogue else [])]
        # Drawing a fixture costs ten times what pricing it does.
        self._plan = lru_cache(maxsize=8192 + catalogue)(lambda lane, slot: draw_plan(seed, lane, slot))

    def competitions(self) -> list[Competition]:
        return [spec.competition for spec in COMPETITIONS]

    def listed(self, now: datetime) -> list[Fixture]:
        matches = (self._plan(lane, slot).fixture for lane in self._lanes for slot in lane.slots_listed(now))
        return [*(fixture for fixture in matches if fixture.listed(now)), *TOURNAMENTS]

    def finished(self, now: datetime) -> Iterator[Fixture]:
        newest_first = heapq.merge(
            *(self._ended(lane, now) for lane in self._lanes), key=lambda fixture: fixture.ends_at, reverse=True
        )
        return (fixture for fixture in newest_first if fixture.result_kept(now))

    def find(self, number: int, now: datetime) -> Fixture | None:
        plan = self._find_plan(number, now)
        if plan and number in (plan.fixture.internal_id, plan.fixture.bfi) and plan.fixture.listed_at <= now:
            return plan.fixture
        return next((f for f in TOURNAMENTS if number in (f.internal_id, f.bfi)), None)

    def markets(self, fixture: Fixture, now: datetime) -> Markets:
        plan = self._find_plan(fixture.bfi, now)
        if plan is None:
            return NO_MARKETS
        fair = fair_probabilities(plan, now)
        offer = plan.offer if plan.offer and now < plan.offer.until else None
        held = int((now - fixture.listed_at).total_seconds() // plan.motion.step)
        sizes = random.Random(f"{self._seed}/{fixture.bfi}/{held}")
        return Markets(
            exchange=_exchange(plan, fair, offer, sizes) if plan.exchange else None,
            bookmaker=_bookmaker(plan, fair, offer, sizes) if plan.bookmaker else None,
            fancy=_fancy(fixture, held) if plan.exchange and fixture.sport == "Cricket" else (),
        )

    def lines(self, fixture: Fixture, now: datetime) -> tuple[Line, ...]:
        plan = self._find_plan(fixture.bfi, now)
        if plan is None or fixture.anchor is None or fixture.in_play(now):
            return ()
        fair = fair_probabilities(plan, now)
        names = fixture.anchor.names
        odds = with_margin(fair, PINNACLE_MARGIN)
        h2h = Line("h2h", tuple((name, price, None) for name, price in zip(names, odds, strict=True)))
        return (h2h, *_side_lines(plan, names, fair)) if fixture.sport in {"Football", "Basketball"} else (h2h,)

    def total(self) -> int | None:
        return None

    def _ended(self, lane: Lane, now: datetime) -> Iterator[Fixture]:
        return (self._plan(lane, slot).fixture for slot in lane.slots_ended(now, RESULTS_KEPT))

    def _find_plan(self, number: int, now: datetime) -> Plan | None:
        for lane in self._lanes:
            slot = lane.slot_of(number, now, RESULTS_KEPT)
            if slot is not None:
                return self._plan(lane, slot)
        return None


def fair_probabilities(plan: Plan, now: datetime) -> tuple[float, ...]:
    """What the selections are worth at `now`; after the end, what they were worth last."""
    fixture = plan.fixture
    lead = (fixture.starts_at - fixture.listed_at).total_seconds()
    if now < fixture.starts_at:
        return plan.motion.probabilities((now - fixture.listed_at).total_seconds())
    closing = plan.motion.probabilities(lead)
    length = (fixture.ends_at - fixture.starts_at).total_seconds()
    played = min((now - fixture.starts_at).total_seconds(), length)
    if played < length:
        played = played // plan.motion.step * plan.motion.step
    winner = fixture.outcome.winner
    place = fixture.selections.index(winner) if winner else None
    return tuple(in_play_probabilities(closing, place, played / length, plan.sure))


def _exchange(plan: Plan, fair: tuple[float, ...], offer: Offer | None, sizes: random.Random) -> Market:
    edges = _edges(offer, "exchange", len(fair))
    runners = tuple(
        _ladder(name, 1 / p, edge, plan.spread, sizes)
        for name, p, edge in zip(plan.fixture.selections, fair, edges, strict=True)
    )
    kind = "WIN" if plan.spec.runners > 2 else "MATCH_ODDS"
    return Market(f"1.{plan.fixture.bfi}", "Match Odds" if kind == "MATCH_ODDS" else "Win", runners, kind)


def _ladder(name: str, fair_odds: float, edge: float, spread: float, sizes: random.Random) -> Runner:
    """Three levels a side; backs stay under the fair price and lays over it, unless the book lags by `edge`."""
    back = tick_down(fair_odds * (1 + edge if edge else 1 - spread))
    backs = [back]
    while len(backs) < 3 and backs[-1] > 1.02:
        backs.append(tick_down(backs[-1] - 0.005))
    lays = [tick_up(max(fair_odds * (1 + spread), back + 0.005))]
    while len(lays) < 3 and lays[-1] < 980:
        lays.append(tick_up(lays[-1] + 0.005))
    thin = sizes.random() < THIN_SHARE
    ladder = [Level(odds, round(sizes.uniform(100, 2500), 2)) for odds in backs]
    return Runner(name, tuple(ladder), () if thin else tuple(Level(o, round(sizes.uniform(60, 2000), 2)) for o in lays))


def _bookmaker(plan: Plan, fair: tuple[float, ...], offer: Offer | None, sizes: random.Random) -> Market:
    edges = _edges(offer, "bookmaker", len(fair))
    runners = tuple(
        Runner(name, (Level(floor_cents((1 + edge if edge else 1 - BOOKMAKER_SHORT) / p), sizes.randint(2, 50) * 100),))
        for name, p, edge in zip(plan.fixture.selections, fair, edges, strict=True)
    )
    return Market(_digest(f"bookmaker {plan.fixture.bfi}"), "Bookmaker 0 Commission", runners, "BOOKMAKER")


def _edges(offer: Offer | None, book: str, count: int) -> list[float]:
    return [offer.edge if offer and offer.book == book and offer.selection == i else 0.0 for i in range(count)]


def _fancy(fixture: Fixture, held: int) -> tuple[Market, ...]:
    """Run lines, not odds: whether a side makes as many runs in so many overs."""
    markets = []
    for overs, side in ((6, fixture.home), (10, fixture.away)):
        name = f"{overs} Over Runs {side}"
        runs = overs * 8 + held % 5
        runner = Runner(name, (Level(runs + 2, 100),), (Level(runs, 100),))
        markets.append(Market(_digest(f"{name} {fixture.bfi}"), name, (runner,), "FANCY"))
    return tuple(markets)


def _side_lines(plan: Plan, names: tuple[str, ...], fair: tuple[float, ...]) -> tuple[Line, ...]:
    """A half-goal handicap that agrees with the match odds, and a total; in basketball both are near even."""
    if plan.spec.draw:
        home, total, over = fair[0], 2.5, 0.52
        point = -0.5
    else:
        home, total, over = 0.5, 168.5, 0.5
        point = round(-9 * plan.motion.strengths[0]) - 0.5
    spread = with_margin((home, 1 - home), PINNACLE_MARGIN)
    totals = with_margin((over, 1 - over), PINNACLE_MARGIN)
    return (
        Line("spreads", ((names[0], spread[0], point), (names[1], spread[1], -point))),
        Line("totals", (("Over", totals[0], total), ("Under", totals[1], total))),
    )


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


TOURNAMENTS = tuple(
    Fixture(
        internal_id=TOURNAMENT_IDS + number,
        bfi=TOURNAMENT_IDS + BFI_AHEAD + number,
        name=f"{spec.competition.anchor_title} Winner",
        competition=spec.competition,
        selections=(),
        listed_at=EPOCH,
        starts_at=EPOCH,
        ends_at=EPOCH + timedelta(days=36_500),
        outcome=Outcome(None, None),
        tournament=True,
    )
    for number, spec in enumerate(COMPETITIONS)
    if spec.competition.sport in {"Football", "Tennis", "Cricket", "Basketball"}
)
