"""How far a price can be trusted, 1 to 5: from what is known about it, never from the size of the edge. Pure."""

from datetime import datetime

from apps.picks.engine.edge import Edge

YOUNG_ANCHOR_SECONDS = 120
DEEP_SIZE = 500  # ten times the floor under which no candidate is made
NARROW_SPREAD = 0.03  # (lay - back) / back
STOOD_SECONDS = 10


def confidence(edge: Edge, *, anchor: str, now: datetime) -> int:
    """One point to begin with, and one for each of these:

    the anchor is Pinnacle and its price was confirmed in the last two minutes; at least 500 can be had at the offered
    price; the offer has a lay price within 3 % of it (a book with two sides is seldom a mistake); offer and anchor
    have both stood unchanged for ten seconds. A suspicious edge gets 1, whatever else is known.
    """
    if edge.suspicious:
        return 1
    offer = edge.offer
    anchor_age = (now - edge.anchor_confirmed_at).total_seconds()
    stood = (now - max(offer.since, *(quote.since for quote in edge.anchor))).total_seconds()
    spread = None if offer.lay_odds is None else float(offer.lay_odds / offer.odds) - 1
    known = (
        anchor == "pinnacle" and anchor_age <= YOUNG_ANCHOR_SECONDS,
        offer.size is not None and offer.size >= DEEP_SIZE,
        spread is not None and 0 <= spread <= NARROW_SPREAD,
        stood >= STOOD_SECONDS,
    )
    return 1 + sum(known)
