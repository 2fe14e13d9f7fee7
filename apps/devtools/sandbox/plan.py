"""Draw one invented fixture with everything that will ever happen to it: names, times, prices' paths, the end."""

import hashlib
import random
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.devtools.sandbox.lanes import BFI_AHEAD, EPOCH, Lane
from apps.devtools.sandbox.names import COMPETITIONS, Invented
from apps.devtools.sandbox.prices import Motion
from apps.devtools.sandbox.world import DRAW, RACING, AnchorRow, Fixture, Outcome

OFFER_SHARE, SUSPICIOUS_SHARE = 1 / 3, 1 / 30
ODD_END_SHARE, GUESSED_SHARE = 1 / 40, 1 / 25
AFFIXES = ("FC", "CF", "SC")
# Letters that have no accent to strip and are still written without it elsewhere.
PLAIN_LETTERS = str.maketrans("øØłŁı", "oOlLi")


@dataclass(frozen=True, slots=True)
class Offer:
    """One book's back price of one selection stands `edge` over the fair price until `until`."""

    book: str
    selection: int
    edge: float
    until: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    fixture: Fixture
    spec: Invented
    motion: Motion
    sure: float  # how certain the last price before the end is
    spread: float  # of the exchange around the fair price, as a share
    exchange: bool
    bookmaker: bool
    offer: Offer | None


def draw_plan(seed: int, lane: Lane, slot: int) -> Plan:
    """The fixture of this slot: the same one for the same seed, whenever and wherever it is asked."""
    rng = random.Random(f"{seed}/{lane.name}/{slot}")
    specs = [spec for spec in COMPETITIONS if lane.racing or spec.competition.sport not in RACING]
    spec = rng.choices(specs, [spec.weight for spec in specs])[0]
    # Whole milliseconds: what Porqpine shows as `completed_at` is then the very instant that `since` is held against.
    ends_at = EPOCH + timedelta(milliseconds=int((slot + rng.random()) * lane.period * 1000))
    # Whole seconds: The Odds API gives no finer kick-off, and the two must agree.
    starts_at = (ends_at - timedelta(seconds=rng.uniform(*lane.length))).replace(microsecond=0)
    listed_at = starts_at - timedelta(seconds=rng.uniform(*lane.lead))
    motion = _motion(rng, spec, lane, (starts_at - listed_at).total_seconds())
    closing = motion.probabilities((starts_at - listed_at).total_seconds())
    names = _names(rng, spec, lane, slot)
    outcome = _outcome(rng, spec, names, closing)
    bfi = lane.first_id + slot + BFI_AHEAD
    racing = spec.competition.sport in RACING
    anchor = _anchor(rng, spec, names, bfi) if lane.priced and spec.competition.anchor_key else None
    fixture = Fixture(
        internal_id=None if racing else lane.first_id + slot,
        bfi=bfi,
        name=f"{spec.competition.name} {slot % 12 + 1}" if racing else f"{names[0]} vs {names[1]}",
        competition=spec.competition,
        selections=names,
        listed_at=listed_at,
        starts_at=starts_at,
        ends_at=ends_at,
        outcome=outcome,
        home=None if racing else names[0],
        away=None if racing else names[1],
        kickoff_field=rng.choices(("start_time", "openDate", ""), (82, 10, 8))[0],
        anchor=anchor,
    )
    bookmaker = lane.priced and not racing and rng.random() < 0.8
    return Plan(
        fixture=fixture,
        spec=spec,
        motion=motion,
        sure=0.6 if outcome.guessed else 0.985,
        spread=rng.uniform(0.005, 0.02),
        exchange=lane.priced and (not bookmaker or rng.random() < 0.85),
        bookmaker=bookmaker,
        offer=_offer(rng, closing, listed_at, bookmaker) if lane.offers and anchor else None,
    )


def _motion(rng: random.Random, spec: Invented, lane: Lane, lead: float) -> Motion:
    many = spec.runners > 2
    strengths = [rng.gauss(0.1, 0.7) for _ in range(spec.runners if many else 1)]
    return Motion(
        strengths=tuple(max(-1.7, min(1.7, strength)) for strength in strengths),
        draw=spec.draw,
        wave=rng.uniform(0.01, 0.04),
        period=lead * rng.uniform(0.6, 1.5),
        phase=rng.uniform(0, 6.28),
        jump=rng.choice((-1, 1)) * rng.uniform(0.0, 0.2),
        jump_after=lead * rng.uniform(0.7, 0.9),
        step=rng.uniform(*lane.step),
    )


def _names(rng: random.Random, spec: Invented, lane: Lane, slot: int) -> tuple[str, ...]:
    """Who plays. The same two meet again only when every other pair has: a rematch within hours would be ambiguous."""
    if spec.runners > 2:
        return tuple(f"{i}. {name}" for i, name in enumerate(rng.sample(spec.names, spec.runners), start=1))
    count = len(spec.names)
    lap, first = divmod(slot + lane.first_id, count)
    second = (first + 1 + lap % ((count - 1) // 2)) % count
    pair = [spec.names[first], spec.names[second]]
    rng.shuffle(pair)
    return (*pair, DRAW) if spec.draw else tuple(pair)


def _outcome(rng: random.Random, spec: Invented, names: tuple[str, ...], closing: tuple[float, ...]) -> Outcome:
    """The end, drawn from the closing probabilities; now and then there is none, or a guessed one."""
    winner = rng.choices(names, closing)[0]
    if spec.competition.sport == "Tennis" and rng.random() < ODD_END_SHARE * 2:
        return Outcome(winner, rng.choice(((0, 0), (1, 0), (0, 1))), "RETIRED")
    if not spec.runners > 2 and rng.random() < ODD_END_SHARE:
        if spec.competition.sport in {"Tennis", "Table Tennis"}:
            return Outcome(winner, None, "WALKOVER")
        return Outcome(None, None, "ABANDONED")
    table = spec.drawn if winner == DRAW else spec.won
    scores = rng.choice(table) if table else None
    if scores and winner == names[1]:
        scores = (scores[1], scores[0])
    return Outcome(winner, scores, guessed=rng.random() < GUESSED_SHARE)


def _offer(rng: random.Random, closing: tuple[float, ...], listed_at: datetime, bookmaker: bool) -> Offer | None:
    """Long enough to be found, reviewed and published, and over before the kick-off."""
    kind = rng.random()
    if kind > OFFER_SHARE:
        return None
    edge = rng.uniform(0.20, 0.40) if kind < SUSPICIOUS_SHARE else rng.uniform(0.035, 0.085)
    backable = [i for i, p in enumerate(closing) if 0.16 < p < 0.74] or [0]
    until = listed_at + timedelta(seconds=rng.uniform(60, 110))
    return Offer("bookmaker" if bookmaker else "exchange", rng.choice(backable), edge, until)


def _anchor(rng: random.Random, spec: Invented, names: tuple[str, ...], bfi: int) -> AnchorRow | None:
    """The row of The Odds API: most names are the same, some are spelled otherwise, a few need an alias."""
    if rng.random() < 0.06:
        return None
    football = spec.competition.sport == "Football"
    spellings = (12, 2 if football else 0, 2, 2, 0.4)
    sides = [rng.choices((str, _other_affix, _plain, str.upper, _unlike), spellings)[0](name) for name in names[:2]]
    home, away = reversed(sides) if rng.random() < 0.1 else sides
    digest = hashlib.md5(f"anchor {bfi}".encode(), usedforsecurity=False).hexdigest()
    return AnchorRow(digest, home, away, (*sides, "Draw") if spec.draw else tuple(sides))


def _other_affix(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return first if last in AFFIXES else f"{name} FC"


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.translate(PLAIN_LETTERS))
    return "".join(c for c in letters if not unicodedata.combining(c))


def _unlike(name: str) -> str:
    """A nickname that nothing can be joined by without an alias."""
    return f"The {name[:3]}s Select"
