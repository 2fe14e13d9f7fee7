"""What the charts of a key show, as site/charts.js reads it and as the tables beside them say it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.access.history import NOTHING, Totals

LABELS = ["Accepted", "Over a limit", "Refused", "Failed"]


def rows_of(counts: Mapping[datetime, Totals], hours: Sequence[datetime], *, by_day: bool) -> dict[datetime, Totals]:
    """What came to what in each of the hours, or in each UTC day that they lie in, oldest first."""
    rows: dict[datetime, Totals] = {}
    for hour in hours:
        of = hour.replace(hour=0) if by_day else hour
        rows[of] = Totals(*map(sum, zip(rows.get(of, NOTHING), counts.get(hour, NOTHING), strict=True)))
    return rows


def stacked(rows: Mapping[datetime, Totals], *, by_day: bool) -> dict[str, Any]:
    """A bar for each row, its outcomes one upon the other."""
    series = [{"label": label, "values": list(column)} for label, *column in zip(LABELS, *rows.values(), strict=True)]
    return {"kind": "stacked", "daily": by_day, "x": [int(at.timestamp()) for at in rows], "series": series}


def minutes(held: Sequence[tuple[int, int]], *, until: datetime) -> dict[str, Any]:
    """A bar for each minute of the hour up to then, empty ones too. `held`: minutes since 1970 and requests."""
    found, last = dict(held), int(until.timestamp()) // 60
    span = range(last - 60, last + 1)
    return {
        "kind": "stacked",
        "x": [minute * 60 for minute in span],
        "series": [{"label": "Requests in the window", "values": [found.get(minute, 0) for minute in span]}],
    }
