"""When invented fixtures begin and end: a lane hands one out per slot of time, for ever, from nothing but the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # slot 0 of every lane
BFI_AHEAD = 500_000_000  # a bfi is the internal id and this: the two ranges never meet


@dataclass(frozen=True, slots=True)
class Lane:
    """A steady stream of fixtures, one ending in each slot of `period` seconds; all spans are seconds."""

    name: str
    first_id: int
    period: float
    lead: tuple[float, float]  # from listing to kick-off
    length: tuple[float, float]  # from kick-off to the end
    step: tuple[float, float]  # between two moves of a price
    priced: bool = True
    offers: bool = False  # some books lag behind the fair price
    racing: bool = False  # horses and dogs too

    def slots_listed(self, now: datetime) -> range:
        """Slots whose fixture may be listed at `now`; the outermost may not be, yet or any more."""
        current = self.slot_at(now)
        return range(current, current + int((self.lead[1] + self.length[1]) / self.period) + 2)

    def slots_ended(self, now: datetime, kept: timedelta) -> Iterator[int]:
        """Slots whose fixture may have ended within `kept` before `now`, newest first."""
        current = self.slot_at(now)
        return iter(range(current, current - int(kept.total_seconds() / self.period) - 2, -1))

    def slot_at(self, now: datetime) -> int:
        return int((now - EPOCH).total_seconds() // self.period)

    def slot_of(self, number: int, now: datetime, kept: timedelta) -> int | None:
        """The slot with this internal id or bfi, if it lies between `kept` ago and the last one listed."""
        listed = self.slots_listed(now)
        oldest = listed.start - int(kept.total_seconds() / self.period) - 2
        for first in (self.first_id, self.first_id + BFI_AHEAD):
            if oldest <= number - first < listed.stop:
                return number - first
        return None


# Three minutes from listing to kick-off and a minute of play: a newcomer sees a pick settle within five.
NEAR = Lane("near", 1_000_000, 7.5, lead=(130, 180), length=(60, 80), step=(4, 9), offers=True, racing=True)
FAR = Lane("far", 300_000_000, 3 * 3600, lead=(90 * 3600, 90 * 3600), length=(60, 80), step=(60, 60), priced=False)


def catalogue_lane(size: int) -> Lane:
    """`size` priced fixtures spread over the next 24 hours."""
    day = 24 * 3600.0
    return Lane("catalogue", 400_000_000, day / size, lead=(day, day), length=(60, 80), step=(60, 180))
