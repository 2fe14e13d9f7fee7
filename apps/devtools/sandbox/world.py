"""What a sandbox world is: fixtures, their prices and how they end, each true at one instant."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

DRAW = "The Draw"
RESULTS_KEPT = timedelta(hours=12)
RACING = {"Horse Racing", "Greyhound"}  # no internal id, and absent from the lists of /events

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


def instant(at: datetime) -> str:
    """An aware instant as `2026-05-08T23:54:18Z`, with milliseconds when they are not zero."""
    at = at.astimezone(UTC)
    milliseconds = at.microsecond // 1000
    return f"{at:%Y-%m-%dT%H:%M:%S}" + (f".{milliseconds:03d}Z" if milliseconds else "Z")


@dataclass(frozen=True, slots=True)
class Competition:
    """A league. Without `name`, Porqpine shows the slug alone; without `anchor_key`, The Odds API has no such list."""

    id: int
    slug: str
    sport: str
    name: str | None = None
    anchor_key: str | None = None
    anchor_group: str = ""
    anchor_title: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fixture ends; `winner` None: none was inferred, `scores` None: the sport has no score frame."""

    winner: str | None
    scores: tuple[int, int] | None
    status: str = "FT"
    guessed: bool = False  # the last price was not under 1.05: Porqpine tags the winner `(favourite)`


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """The same fixture as The Odds API names it."""

    id: str
    home: str
    away: str
    names: tuple[str, ...]  # aligned with the fixture's selections


@dataclass(frozen=True, slots=True)
class Fixture:
    """One event from its listing to its end. All of it is fixed beforehand; only prices depend on the instant."""

    internal_id: int | None
    bfi: int
    name: str
    competition: Competition
    selections: tuple[str, ...]
    listed_at: datetime
    starts_at: datetime
    ends_at: datetime
    outcome: Outcome
    home: str | None = None
    away: str | None = None
    kickoff_field: str = "start_time"  # where Porqpine shows the kick-off: start_time, openDate (under raw) or nowhere
    tournament: bool = False
    anchor: AnchorRow | None = None

    @property
    def sport(self) -> str:
        return self.competition.sport

    def listed(self, now: datetime) -> bool:
        return self.listed_at <= now < self.ends_at

    def in_play(self, now: datetime) -> bool:
        return not self.tournament and self.starts_at <= now < self.ends_at

    def result_kept(self, now: datetime) -> bool:
        return self.ends_at <= now < self.ends_at + RESULTS_KEPT


@dataclass(frozen=True, slots=True)
class Level:
    odds: float
    size: float


@dataclass(frozen=True, slots=True)
class Runner:
    """One selection's ladder, best level first; an empty side means nobody offers."""

    name: str
    back: tuple[Level, ...] = ()
    lay: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Market:
    id: str
    name: str
    runners: tuple[Runner, ...]
    type: str = "MATCH_ODDS"


@dataclass(frozen=True, slots=True)
class Markets:
    """Every Porqpine market of a fixture at one instant."""

    exchange: Market | None = None
    bookmaker: Market | None = None
    fancy: tuple[Market, ...] = ()


NO_MARKETS = Markets()


@dataclass(frozen=True, slots=True)
class Line:
    """One Pinnacle market: `h2h`, `spreads` or `totals`; each outcome is (name, decimal odds, point or None)."""

    kind: str
    outcomes: tuple[tuple[str, float, float | None], ...]


class World(Protocol):
    """A source of fixtures. Every answer is a function of the instant, so a restart changes nothing."""

    source: str

    def now(self) -> datetime: ...

    def competitions(self) -> Iterable[Competition]: ...

    def listed(self, now: datetime) -> list[Fixture]:
        """Fixtures to come, in play, and tournament-level events."""
        ...

    def finished(self, now: datetime) -> Iterator[Fixture]:
        """Fixtures that ended in the last 12 hours, newest first."""
        ...

    def find(self, number: int, now: datetime) -> Fixture | None:
        """The fixture with this internal id or bfi, once it has been listed."""
        ...

    def markets(self, fixture: Fixture, now: datetime) -> Markets: ...

    def lines(self, fixture: Fixture, now: datetime) -> tuple[Line, ...]: ...

    def total(self) -> int | None:
        """How many matches there will ever be; None: it goes on for ever."""
        ...
