"""From an anchor's prices and the offers of others to the best edge of a fixture. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.picks.engine.margin import NoFairPrice, fair_probabilities

TOLERANCE = 1e-9  # exact ties with the threshold happen: 2.04 against 1.95/1.95


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes an edge a candidate; edges as fractions, odds decimal, ages in seconds, size in stake units."""

    edge_min: float = 0.02
    edge_max: float = 0.15
    odds_min: float = 1.25
    odds_max: float = 8.0
    anchor_cap: float = 1.25
    max_age: float = 600
    size_min: float = 50
    method: str = "power"


@dataclass(frozen=True, slots=True)
class Quoted:
    """One side of a market at a book: decimal odds, size if quoted, since when and until when it was seen."""

    side: str
    odds: Decimal
    size: Decimal | None
    since: datetime
    confirmed_at: datetime
    book: str
    selection_id: int
    lay_odds: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An offer measured against the anchor: `edge` = odds x probability - 1."""

    offer: Quoted
    anchor: tuple[Quoted, ...]
    probability: float
    anchor_odds: Decimal
    edge: float
    suspicious: bool

    @property
    def side(self) -> str:
        return self.offer.side

    @property
    def anchor_confirmed_at(self) -> datetime:
        return min(quote.confirmed_at for quote in self.anchor)


def edge_of(odds: Decimal, probability: float) -> float:
    """odds x fair probability - 1: the expected profit of one unit at risk, as a fraction."""
    return float(odds) * probability - 1


def best_edge(
    anchor: Sequence[Quoted], offers: Iterable[Quoted], *, sides: Sequence[str], now: datetime, rules: Rules
) -> Edge | None:
    """The largest edge of one market that passes every guard, or None.

    anchor: the anchor's quotes. offers: other books' quotes of the same market. sides: every outcome that the market
    has, so that an anchor with one missing gives no price. Of equal edges the first offered wins.
    """
    fair = fair_prices(anchor, sides=sides, now=now, rules=rules)
    if fair is None:
        return None
    quotes, probabilities = fair
    best: Edge | None = None
    for offer in offers:
        if offer.side not in probabilities or not _admissible(offer, quotes[offer.side].odds, now=now, rules=rules):
            continue
        edge = edge_of(offer.odds, probabilities[offer.side])
        if edge < rules.edge_min - TOLERANCE or (best is not None and edge <= best.edge):
            continue
        best = Edge(
            offer=offer,
            anchor=tuple(quotes[side] for side in sides),
            probability=probabilities[offer.side],
            anchor_odds=quotes[offer.side].odds,
            edge=edge,
            suspicious=edge > rules.edge_max + TOLERANCE,
        )
    return best


def fair_prices(
    anchor: Sequence[Quoted], *, sides: Sequence[str], now: datetime, rules: Rules
) -> tuple[dict[str, Quoted], dict[str, float]] | None:
    """The anchor's quote and fair probability of each side; None where a side is missing, old or impossible."""
    quotes = {quote.side: quote for quote in anchor if _young(quote, now=now, rules=rules)}
    if set(quotes) != set(sides):
        return None
    try:
        probabilities = fair_probabilities([float(quotes[side].odds) for side in sides], rules.method)
    except NoFairPrice:
        return None
    return quotes, dict(zip(sides, probabilities, strict=True))


def _young(quote: Quoted, *, now: datetime, rules: Rules) -> bool:
    return (now - quote.confirmed_at).total_seconds() <= rules.max_age


def _admissible(offer: Quoted, anchor_odds: Decimal, *, now: datetime, rules: Rules) -> bool:
    odds = float(offer.odds)
    return (
        rules.odds_min <= odds <= rules.odds_max
        and odds <= rules.anchor_cap * float(anchor_odds) + TOLERANCE
        and (offer.size is None or offer.size >= rules.size_min)
        and _young(offer, now=now, rules=rules)
    )
