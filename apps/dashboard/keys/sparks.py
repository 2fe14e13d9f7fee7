"""The last 36 hours of a key as a small picture: what was answered stands on the line, what was turned away hangs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.access.history import NOTHING, Totals

HOURS = 36
STEP, BAR = 4, 3  # units of the picture, 144 wide
BASE, BELOW = 22, 10  # above the line, and below it


@dataclass(frozen=True, slots=True)
class Spark:
    """Two SVG paths, and what they show in words."""

    up: str
    down: str
    words: str


def spark_of(counts: Mapping[datetime, Totals], hours: Sequence[datetime]) -> Spark:
    """Each bar is measured by the highest hour of the key, whether it was answered or turned away."""
    each = [counts.get(hour, NOTHING) for hour in hours]
    highest = max(max(one.accepted, one.turned_away) for one in each)
    total = Totals(*(sum(column) for column in zip(*each, strict=True)))
    words = (
        f"Last {len(hours)} hours: {total.accepted:,} accepted, {total.limited:,} over a limit, "
        f"{total.refused:,} refused, {total.failed:,} failed"
    )
    return Spark(
        bars([one.accepted for one in each], highest, room=BASE, way=-1),
        bars([one.turned_away for one in each], highest, room=BELOW, way=1),
        words,
    )


def bars(counts: Sequence[int], highest: int, *, room: int, way: int) -> str:
    """One bar for each count that is not zero, a unit long at least; way: -1 upwards, 1 downwards."""
    drawn = []
    for place, count in enumerate(counts):
        if count:
            length = way * max(1, round(room * count / highest))
            drawn.append(f"M{place * STEP} {BASE}v{length}h{BAR}v{-length}z")
    return "".join(drawn)
