"""Faults on demand: what an upstream does wrong, at a rate of one's choosing, the same way for the same seed."""

import copy
import math
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

SHARES = ("rate_502", "drop", "malformed", "truncate")
MOST_LATENCY = 600.0
SOURCES = (None, "live", "cache", "skeleton")


class FaultUnknown(ValueError):
    """A fault that is not one of these, or out of its range; the text names it."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares are 0 to 1, of requests (`rate_502`, `drop`, `truncate`) or of records (`malformed`)."""

    rate_502: float = 0.0
    latency_s: float = 0.0
    drop: float = 0.0
    malformed: float = 0.0
    truncate: float = 0.0
    frozen: bool = False
    unhealthy: bool = False
    source: str | None = None
    seed: int = 1


def changed(faults: Faults, wanted: Any) -> Faults:
    """`faults` with the named ones set; raises FaultUnknown for anything else than Faults' own names and ranges."""
    if not isinstance(wanted, dict):
        raise FaultUnknown("Send a JSON object of faults.")
    known = asdict(faults)
    for name, value in wanted.items():
        if name not in known:
            raise FaultUnknown(f"There is no fault {name!r}: choose from {', '.join(known)}.")
        _check(name, value)
    return replace(faults, **wanted)


def _check(name: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in SHARES and not (number and 0 <= value <= 1):
        raise FaultUnknown(f"{name} is a share: give a number from 0 to 1.")
    if name == "latency_s" and not (number and 0 <= value <= MOST_LATENCY):
        raise FaultUnknown(f"latency_s is in seconds: give a number from 0 to {MOST_LATENCY:g}.")
    if name in ("frozen", "unhealthy") and not isinstance(value, bool):
        raise FaultUnknown(f"{name} is true or false.")
    if name == "source" and value not in SOURCES:
        raise FaultUnknown("source is live, cache, skeleton or null.")
    if name == "seed" and not (number and isinstance(value, int)):
        raise FaultUnknown("seed is a whole number.")


@dataclass(slots=True)
class Saboteur:
    """The faults in force, the dice they are drawn with, and the instant a frozen feed stands at."""

    faults: Faults = field(default_factory=Faults)
    _dice: random.Random = field(default_factory=lambda: random.Random(Faults().seed))
    _frozen_at: datetime | None = None

    def set(self, faults: Faults, now: datetime) -> None:
        """Put these faults in force; the dice start anew, a feed that is frozen already stays where it stands."""
        self._frozen_at = (self._frozen_at or now) if faults.frozen else None
        self._dice.seed(faults.seed)
        self.faults = faults

    def now(self, now: datetime) -> datetime:
        return self._frozen_at or now

    def happens(self, share: float) -> bool:
        return share > 0 and self._dice.random() < share

    def spoil(self, answer: Any) -> Any:
        """`answer` as the faults leave it: its source, the health of its socket, some records unreadable."""
        data = answer.get("data") if isinstance(answer, dict) else None
        if isinstance(data, dict):
            if self.faults.source and "source" in data:
                data["source"] = self.faults.source
            if self.faults.unhealthy and "socket" in data:
                data["socket"]["connected"] = False
        for records, place in _records(answer) if self.faults.malformed else []:
            if self.happens(self.faults.malformed):
                self._dice.choice(WAYS)(self._dice, records, place)
        return answer


def _records(node: Any) -> list[tuple[list[Any], int]]:
    """Every object that stands in a list, innermost first, so that spoiling one hides none that comes later."""
    found: list[tuple[list[Any], int]] = []
    children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    for place, child in enumerate(children):
        found += _records(child)
        if isinstance(node, list) and isinstance(child, dict):
            found.append((node, place))
    return found


def _any_key(dice: random.Random, record: dict[str, Any]) -> str:
    return dice.choice(sorted(record))


def _drop_field(dice: random.Random, records: list[Any], place: int) -> None:
    del records[place][_any_key(dice, records[place])]


def _null_field(dice: random.Random, records: list[Any], place: int) -> None:
    records[place][_any_key(dice, records[place])] = None


def _text_for_number(dice: random.Random, records: list[Any], place: int) -> None:
    _in_number(dice, records[place], "n/a")


def _not_a_number(dice: random.Random, records: list[Any], place: int) -> None:
    _in_number(dice, records[place], math.nan)


def _odds_too_low(dice: random.Random, records: list[Any], place: int) -> None:
    _in_number(dice, records[place], dice.choice((1, 0.5, 0, -2.4)))


def _in_number(dice: random.Random, record: dict[str, Any], value: Any) -> None:
    """Put `value` where a number stands, prices first; where there is none, in any field."""
    prices = [key for key in ("odds", "price", "back_odds", "lay_odds") if key in record]
    numbers = [key for key in sorted(record) if isinstance(record[key], int | float)]
    record[dice.choice(prices or numbers or sorted(record))] = value


def _wrong_type(dice: random.Random, records: list[Any], place: int) -> None:
    records[place] = dice.choice(("<html>", 7, None, [records[place]]))


def _same_id_twice(dice: random.Random, records: list[Any], place: int) -> None:
    records.append({**copy.deepcopy(records[place]), "name": f"Twice {dice.randrange(1000)}"})


WAYS: tuple[Callable[[random.Random, list[Any], int], None], ...] = (
    _drop_field,
    _null_field,
    _text_for_number,
    _not_a_number,
    _odds_too_low,
    _wrong_type,
    _same_id_twice,
)
