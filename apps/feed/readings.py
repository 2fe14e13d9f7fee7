"""What an upstream answer says once it has been read: typed, checked, and free of the upstream's spelling. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Unreadable(ValueError):
    """A record that cannot be used; str() says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class FixtureReading:
    """One event of a list or a detail. Ids are texts; None where the record does not say."""

    internal_id: str | None
    bfi: str | None
    sport: str
    name: str
    home_team: str = ""
    away_team: str = ""
    league: str = ""
    in_play: bool = False
    kickoff_at: datetime | None = None
    tournament: bool = False

    @property
    def ids(self) -> tuple[str | None, str | None]:
        return self.internal_id, self.bfi


@dataclass(frozen=True, slots=True)
class SelectionReading:
    """One priced answer; odds decimal and above 1, or None where nothing is offered. Sizes in stake units."""

    name: str
    side: str
    back_odds: Decimal | None = None
    back_size: Decimal | None = None
    lay_odds: Decimal | None = None
    lay_size: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MarketReading:
    """One market of one book, with every selection that could be read."""

    book: str
    external_id: str
    name: str
    kind: str
    selections: tuple[SelectionReading, ...]
    line: Decimal | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class OddsReading:
    """Everything priced about one event at one moment.

    fresh: upstream said that it is live. legible: all of it could be read; if not, what is missing may be there.
    """

    internal_id: str | None
    bfi: str | None
    markets: tuple[MarketReading, ...]
    fresh: bool = True
    legible: bool = True
    in_play: bool = False


@dataclass(frozen=True, slots=True)
class ResultReading:
    """How upstream says an event ended. Names are empty where the record leaves them out."""

    internal_id: str | None
    bfi: str | None
    name: str
    home_team: str
    away_team: str
    winner: str
    tagged: bool
    home_score: int | None
    away_score: int | None
    status: str
    completed_at: datetime | None
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What could be read of an answer, and how many records could not be."""

    items: list[T]
    skipped: int = 0
    origin: str = "live"
    unreadable_ids: tuple[str, ...] = ()


def read_all(records: Iterable[Any], read: Callable[[Any], T], *, what: str, origin: str = "live") -> Page[T]:
    """Read each record by itself: one that cannot be read is counted and logged with its id, the rest is used."""
    items: list[T] = []
    bad: list[str] = []
    for record in records:
        try:
            items.append(read(record))
        except Unreadable as error:
            bad.append(str(record.get("id") or record.get("bfi") or "?")[:64] if isinstance(record, dict) else "?")
            log.warning("record_skipped", what=what, record=bad[-1], reason=str(error))
    return Page(items, skipped=len(bad), origin=origin, unreadable_ids=tuple(bad))
