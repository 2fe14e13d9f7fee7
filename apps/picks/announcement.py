"""A pick as customers see it: one shape for the API, the webhooks and the stream."""

from typing import Any

from apps.core.times import rfc3339
from apps.feed.models import Origin
from apps.picks.models import Pick


def announcement(pick: Pick) -> dict[str, Any]:
    """The public fields of a published or settled pick, ready for JSON: odds and percentages as numbers.

    Reads `pick.fixture`, so select it with the pick. ValueError for a pick without a kick-off: it is not public.
    """
    if pick.kickoff_at is None:
        raise ValueError(f"Pick {pick.pk} has no kick-off, so it cannot be shown.")
    shown = {
        "id": str(pick.pk),
        "sport": pick.sport,
        "league": pick.league,
        "home_team": pick.fixture.home_team,
        "away_team": pick.fixture.away_team,
        "kickoff_at": rfc3339(pick.kickoff_at),
        "pick": pick.selection,
        "odds": float(pick.odds),
        "edge_pct": float(pick.edge_pct),
        "confidence": pick.confidence,
        "status": str(pick.status),
        "settled_at": None if pick.settled_at is None else rfc3339(pick.settled_at),
        "result": None if pick.result is None else str(pick.result),
        "anchor": pick.anchor,
    }
    if pick.fixture.origin == Origin.SANDBOX:
        shown["sandbox"] = True
    return shown
