"""The built-in writer: every number in its text is one that is stored with the pick."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from apps.feed.models import Fixture, Origin
from apps.picks.wording import short_odds

ANCHORS = {"pinnacle": "Pinnacle", "exchange": "The exchange", "consensus": "The market's consensus"}
BOOKS = {"exchange": "on the exchange", "bookmaker": "at a bookmaker"}


def write_analysis(fields: Mapping[str, Any], *, fixture: Fixture, anchor_odds: Decimal) -> str:
    """The analysis of a candidate.

    fields: the pick's own (candidates.fields_of). anchor_odds: the anchor's price of the selection, margin included.
    Names the anchor, its fair and its raw odds, the offer, the edge, and what would make the pick wrong.
    """
    anchor = ANCHORS.get(fields["anchor"], fields["anchor"])
    fair, odds = short_odds(fields["fair_odds"]), short_odds(fields["odds"])
    edge = (fields["edge"] * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    texts = [
        f"{fixture.home_team} vs {fixture.away_team} — {anchor} fair value is {fair} on {fields['selection']}: "
        f"its price of {short_odds(anchor_odds)} with the margin removed by the {fields['method']} method.",
        f"{odds} is offered {BOOKS.get(fields['book'], 'at ' + fields['book'])}, an edge of {edge} %; "
        f"{anchor}'s price was confirmed {fields['anchor_age_seconds']} s before.",
        f"The edge is gone at odds of {fair} or less, and the pick is wrong if {anchor} is: if it moves its price "
        "towards the offer before the start, others knew more.",
    ]
    if fields["suspicious"]:
        texts.append("An edge of this size is more often a mistaken price than a gift: check the offer first.")
    if fixture.origin == Origin.SANDBOX:
        texts.append("Sandbox data: no real match, no real price.")
    return " ".join(texts)
