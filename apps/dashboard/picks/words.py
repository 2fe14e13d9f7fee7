"""What pages say for the short words in which picks are kept."""

from apps.picks.analysis.builtin import ANCHORS, BOOKS
from apps.picks.models import Pick, Settlement

RULES = {
    "by_hand": "decided by a person",
    "imported": "taken over with the pick",
    "postponed": "put off for more than 72 hours",
    "score": "by the score",
    "winner": "by the winner",
}


def anchor_of(pick: Pick) -> str:
    """Whose prices it was measured against, by its name or as it was imported."""
    return ANCHORS.get(pick.anchor, pick.anchor)


def book_of(pick: Pick) -> str:
    """Where its odds were on offer: `at a bookmaker`; empty where that is not known."""
    return BOOKS.get(pick.book, f"at {pick.book}") if pick.book else ""


def rule_of(settlement: Settlement) -> str:
    """How a result came about, in words."""
    return RULES.get(settlement.rule, settlement.rule.replace("_", " "))
