"""Does the edge of a pick in review still stand at the latest quotes?"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.feed.models import Fixture, Selection
from apps.picks.candidates import fields_of, quotes_of, rules, sides_of, split_prices
from apps.picks.engine.edge import TOLERANCE, Edge, best_edge
from apps.picks.models import Pick
from apps.picks.wording import short_odds


@dataclass(frozen=True, slots=True)
class Standing:
    """`edge_pct` at the latest quotes, None where there is no price any more; `fields`: the pick's at those quotes."""

    stands: bool
    edge_pct: Decimal | None
    sentence: str
    fields: dict[str, Any] | None = None


def unmoved(picks: Iterable[Pick]) -> set[UUID]:
    """Those of the picks whose quotes are still the latest, in one statement for any number of them."""
    picks = list(picks)
    behind = {pick.pk: quotes_of(pick.evidence) for pick in picks}
    selections = {selection for quotes in behind.values() for selection in quotes}
    rows = Selection.objects.filter(pk__in=selections).values_list("pk", "market__fixture_id", "observed_at")
    latest = {(selection, fixture): since.isoformat() for selection, fixture, since in rows}
    return {
        pick.pk
        for pick in picks
        if all(
            # Of a fixture that was merged into another, the old quotes stand still for ever.
            latest.get((selection, pick.fixture_id)) == since
            for selection, since in behind[pick.pk].items()
        )
    }


def standing_edge(pick: Pick, now: datetime) -> Standing:
    """Measure the pick's own selection again at its book. Where no newer quote came, the edge stands as it is."""
    if unmoved([pick]):
        return Standing(True, pick.edge_pct, "No newer quote has come.")
    fixture = Fixture.objects.prefetch_related("markets__selections").get(pk=pick.fixture_id)
    edge = _measure(pick, fixture, now=now)
    if edge is None:
        return Standing(False, None, "Its price, or the anchor's, is no longer offered within the guards.")
    fields = fields_of(edge, fixture, now=now, rules=rules())
    edge_pct = (fields["edge"] * 100).quantize(Decimal("0.01"))
    moved = f"The price is {short_odds(edge.offer.odds)} now, an edge of {edge_pct} %"
    if edge.edge < rules().edge_min - TOLERANCE:
        return Standing(False, edge_pct, f"{moved}: below the {100 * rules().edge_min:g} % that a pick needs.")
    if pick.analysis_edited and (fields["odds"], fields["fair_odds"]) != (pick.odds, pick.fair_odds):
        return Standing(False, edge_pct, f"{moved}, and the edited text speaks of {short_odds(pick.odds)}.")
    return Standing(True, edge_pct, f"{moved}.", fields)


def _measure(pick: Pick, fixture: Fixture, *, now: datetime) -> Edge | None:
    """The edge of the same side at the same book, however small, however old its quotes; all other guards hold."""
    anchor, offers = split_prices(fixture)
    mine = [offer for offer in offers if (offer.side, offer.book) == (pick.side, pick.book)]
    anyhow = replace(rules(), edge_min=-1.0, max_age=float("inf"))
    return best_edge(anchor, mine, sides=sides_of(fixture.sport), now=now, rules=anyhow)
