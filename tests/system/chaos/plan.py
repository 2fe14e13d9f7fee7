"""What a run is to do, and when: the same for the same seed."""

import random
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID

GRID_SECONDS = 1.0  # things happen at these times: so that several events are committed, and fanned out, together
SOON = 0.03  # of the whole time: how long after its publication a pick is settled, on average


@dataclass(frozen=True)
class Size:
    """How much a run does. `pause`: the shortest and the longest time between two kills, in seconds."""

    kills: int
    picks: int
    pause: tuple[float, float]
    subscriptions: int = 20
    readers: int = 4
    ending: float = 120.0  # seconds after the last kill by which everything must have arrived

    @property
    def seconds(self) -> float:
        """How long picks are published and settled: for as long as there are kills, which wait for their moments."""
        return 1.2 * self.kills * sum(self.pause) / 2


class Happening(NamedTuple):
    """at: seconds after the beginning."""

    at: float
    kind: Literal["publish", "settle"]
    pick_id: UUID


def pick_ids(seed: int, picks: int) -> list[UUID]:
    dice = random.Random(f"{seed} ids")
    return [UUID(int=dice.getrandbits(128), version=4) for _ in range(picks)]


def happenings(seed: int, picks: int, seconds: float) -> list[Happening]:
    """Each pick published once and settled later, or at the same time; in order."""
    dice = random.Random(f"{seed} times")
    found = []
    for pick_id in pick_ids(seed, picks):
        published = dice.uniform(0, seconds)
        settled = min(seconds, published + dice.expovariate(1 / (SOON * seconds)))
        found.append(Happening(on_time(published), "publish", pick_id))
        found.append(Happening(on_time(settled), "settle", pick_id))
    return sorted(found)


def on_time(seconds: float) -> float:
    return round(seconds / GRID_SECONDS) * GRID_SECONDS
