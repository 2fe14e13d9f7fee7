"""The closing price of a pick: its anchor's last word before the start, and what it says of the odds we took."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from apps.feed.queries import closing_quotes, start_of
from apps.picks.candidates import sides_of
from apps.picks.engine.margin import NoFairPrice, fair_probabilities
from apps.picks.models import Origin, Pick

CLOSE_MAX_AGE = timedelta(minutes=10)


def closing_of(pick: Pick) -> dict[str, Any]:
    """clv, closing_fair_odds and clv_missing of a pick, from its anchor's last quotes before the start.

    clv = odds x closing fair probability - 1, by the pick's own margin method. Null, with the reason, unless every
    side was open, not in play, and confirmed within ten minutes of the start.
    """
    if pick.origin != Origin.ENGINE:
        return {}
    start = start_of(pick.fixture)
    if start is None:
        return _no_close("the start is not known")
    sides: dict[str, float] = {}
    for quote in closing_quotes(fixture=pick.fixture, book=pick.anchor, start=start):
        if not quote.is_open or quote.back_odds is None:
            return _no_close("the anchor had withdrawn its line")
        if quote.in_play or not quote.fresh:
            return _no_close("the anchor's last quote was in play or not live")
        confirmed = min(quote.confirmed_until or quote.selection.last_confirmed_at, start)
        if start - confirmed > CLOSE_MAX_AGE:
            return _no_close("the anchor's last quote was over ten minutes old")
        sides[quote.selection.side] = float(quote.back_odds)
    wanted = sides_of(pick.sport)
    if set(sides) != set(wanted):
        return _no_close("the anchor did not price every side")
    try:
        fair = dict(zip(wanted, fair_probabilities([sides[side] for side in wanted], pick.method), strict=True))
    except NoFairPrice as error:
        return _no_close(str(error))
    probability = fair[pick.side]
    return {
        "clv": Decimal(float(pick.odds) * probability - 1).quantize(Decimal("0.00000001")),
        "closing_fair_odds": Decimal(1 / probability).quantize(Decimal("0.00001")),
        "clv_missing": "",
    }


def _no_close(reason: str) -> dict[str, Any]:
    return {"clv": None, "closing_fair_odds": None, "clv_missing": reason[:120]}
