"""From a fixture's stored prices to the candidate they make, if any. Reads what it is given; writes nothing."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.core.times import rfc3339
from apps.feed.models import Fixture, Kind, Selection
from apps.picks.analysis.builtin import write_analysis
from apps.picks.engine.confidence import confidence
from apps.picks.engine.edge import Edge, Quoted, Rules, best_edge
from apps.picks.wording import bet_on, words

ANCHOR = "pinnacle"
THREE_WAY, TWO_WAY = ("home", "draw", "away"), ("home", "away")


def rules() -> Rules:
    """The rules of the settings."""
    return Rules(
        edge_min=settings.EDGE_MIN,
        edge_max=settings.EDGE_MAX,
        odds_min=settings.ODDS_MIN,
        odds_max=settings.ODDS_MAX,
        anchor_cap=settings.ANCHOR_CAP,
        max_age=settings.QUOTE_MAX_AGE_SECONDS,
        size_min=settings.SIZE_MIN,
        method=settings.MARGIN_METHOD,
    )


def sides_of(sport: str) -> tuple[str, ...]:
    """The outcomes of the match odds of a sport; other three-way sports are not priced yet."""
    return THREE_WAY if sport == "soccer" else TWO_WAY


def split_prices(fixture: Fixture) -> tuple[list[Quoted], list[Quoted]]:
    """(the anchor's, everybody else's) usable prices of who wins: open, fresh, not in play, with a back price.

    Only markets that have the sport's own outcomes: a price for winning in normal time, where there is a draw, is
    not one for winning at all.
    """
    anchor: list[Quoted] = []
    offers: list[Quoted] = []
    for market in fixture.markets.all():
        selections = [selection for selection in market.selections.all() if selection.is_open]
        outcomes = {selection.side for selection in selections}
        if market.kind != Kind.MATCH_ODDS or outcomes != set(sides_of(fixture.sport)):
            continue
        quotes = anchor if market.book == ANCHOR else offers
        quotes += [
            _quoted(selection, market.book, selection.back_odds)
            for selection in selections
            if selection.fresh and not selection.in_play and selection.back_odds is not None
        ]
    return anchor, offers


def edge_in(fixture: Fixture, *, now: datetime, rules: Rules) -> Edge | None:
    """The best edge of a fixture's match odds under the rules; kick-off guards are the caller's."""
    anchor, offers = split_prices(fixture)
    return best_edge(anchor, offers, sides=sides_of(fixture.sport), now=now, rules=rules)


def fields_of(edge: Edge, fixture: Fixture, *, now: datetime, rules: Rules) -> dict[str, Any]:
    """Every field of a pick that comes from its price: numbers, words, evidence and the analysis of them."""
    bet = bet_on(sport=fixture.sport, side=edge.side)
    fields: dict[str, Any] = {
        "market": bet.market,
        "side": bet.side,
        "line": bet.line,
        "selection": words(bet, home=fixture.home_team, away=fixture.away_team)[:200],
        "odds": edge.offer.odds,
        "fair_odds": Decimal(1 / edge.probability).quantize(Decimal("0.00001")),
        "fair_probability": edge.probability,
        "edge": Decimal(edge.edge).quantize(Decimal("0.00000001")),
        "confidence": confidence(edge, anchor=ANCHOR, now=now),
        "book": edge.offer.book,
        "anchor": ANCHOR,
        "anchor_age_seconds": max(int((now - edge.anchor_confirmed_at).total_seconds()), 0),
        "method": rules.method,
        "suspicious": edge.suspicious,
        "evidence": {
            "at": rfc3339(now),
            "offer": _evidence(edge.offer),
            "anchor": [_evidence(quote) for quote in edge.anchor],
            "rules": asdict(rules),
        },
    }
    fields["analysis"] = write_analysis(fields, fixture=fixture, anchor_odds=edge.anchor_odds)
    fields["analysis_at"] = now
    return fields


def quotes_of(evidence: dict[str, Any]) -> dict[int, str]:
    """The selections behind a pick and since when each showed the price that was used: {selection id: instant}."""
    quotes: Iterable[dict[str, Any]] = [evidence["offer"], *evidence["anchor"]] if "offer" in evidence else []
    return {int(quote["selection_id"]): str(quote["since"]) for quote in quotes}


def _quoted(selection: Selection, book: str, odds: Decimal) -> Quoted:
    return Quoted(
        side=selection.side,
        odds=odds,
        size=selection.back_size,
        since=selection.observed_at,
        confirmed_at=selection.last_confirmed_at,
        book=book,
        selection_id=selection.pk,
        lay_odds=selection.lay_odds,
    )


def _evidence(quote: Quoted) -> dict[str, Any]:
    return {
        "selection_id": quote.selection_id,
        "book": quote.book,
        "side": quote.side,
        "odds": str(quote.odds),
        "size": None if quote.size is None else str(quote.size),
        "lay_odds": None if quote.lay_odds is None else str(quote.lay_odds),
        "since": quote.since.isoformat(),
        "confirmed_at": quote.confirmed_at.isoformat(),
    }
