"""The replay world: a real football season, shifted to now and squeezed into minutes."""

import csv
import hashlib
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from apps.devtools.sandbox.world import (
    DRAW,
    NO_MARKETS,
    AnchorRow,
    Clock,
    Competition,
    Fixture,
    Level,
    Line,
    Market,
    Markets,
    Outcome,
    Runner,
    wall_clock,
)

FILES_CLOCK = ZoneInfo("Europe/London")  # the files give UK time for every league
LEAGUES = {
    "E0": ("Premier League", "soccer_epl", "EPL"),
    "E1": ("Championship", "soccer_efl_champ", "Championship"),
    "D1": ("Bundesliga", "soccer_germany_bundesliga", "Bundesliga - Germany"),
    "SP1": ("La Liga", "soccer_spain_la_liga", "La Liga - Spain"),
}
MATCH = timedelta(seconds=8)
BEFORE_FIRST = timedelta(seconds=45)  # to list, join and price the whole season before anything kicks off
AFTER_LAST = timedelta(seconds=25)  # for the last match to end and its result to be read
CLOSING = timedelta(seconds=15)
SIZE = 1000.0
FIRST_ID, FIRST_BFI = 1_600_000, 35_500_000
Odds = tuple[float | None, float | None, float | None]  # home, away, draw: the order of the selections


class SeasonUnreadable(ValueError):
    """The files or times given make no replay; the text says why and what to give instead."""


@dataclass(frozen=True, slots=True)
class Match:
    """One line of a season file: when it really began, how it ended, and its prices."""

    div: str
    played_at: datetime
    home: str
    away: str
    goals: tuple[int, int]
    best: Odds
    best_closing: Odds
    pinnacle: Odds
    pinnacle_closing: Odds


def read_season(path: Path) -> list[Match]:
    """The matches of one football-data file that have teams, a date and a result; raises SeasonUnreadable."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            matches = [match for row in csv.DictReader(file) if (match := _match(row))]
    except OSError as error:
        raise SeasonUnreadable(f"{path} cannot be read ({error.strerror}): give a football-data season file.") from None
    if not matches:
        raise SeasonUnreadable(f"{path} holds no finished match: give a football-data season file (CSV).")
    return matches


def _match(row: dict[str, str | None]) -> Match | None:
    try:
        played = datetime.strptime(f"{row['Date']} {row.get('Time') or '15:00'}", "%d/%m/%Y %H:%M")
        home, away = row["HomeTeam"] or "", row["AwayTeam"] or ""
        goals = int(row["FTHG"] or ""), int(row["FTAG"] or "")
    except (KeyError, ValueError):
        return None
    if not home or not away:
        return None
    return Match(
        div=row.get("Div") or "league",
        played_at=played.replace(tzinfo=FILES_CLOCK).astimezone(UTC),
        home=home,
        away=away,
        goals=goals,
        best=_odds(row, "Max"),
        best_closing=_odds(row, "MaxC"),
        pinnacle=_odds(row, "PS"),
        pinnacle_closing=_odds(row, "PSC"),
    )


def _odds(row: dict[str, str | None], book: str) -> Odds:
    return _price(row.get(f"{book}H")), _price(row.get(f"{book}A")), _price(row.get(f"{book}D"))


def _price(text: str | None) -> float | None:
    try:
        odds = float(text or "")
    except ValueError:
        return None
    return odds if math.isfinite(odds) and odds > 1 else None


@dataclass(slots=True)
class ReplayWorld:
    """All matches listed from `epoch`; the season's span is mapped between 45 s after and 25 s before the end."""

    paths: Sequence[Path]
    epoch: datetime
    minutes: float = 5.0
    start_in: float = 0.0
    now: Clock = wall_clock
    source: str = field(default="replay", init=False)
    _played: dict[int, Match] = field(init=False)
    _fixtures: list[Fixture] = field(init=False)
    _by_number: dict[int, Fixture] = field(init=False)

    def __post_init__(self) -> None:
        matches = sorted((m for path in self.paths for m in read_season(path)), key=lambda m: m.played_at)
        if not matches:
            raise SeasonUnreadable("Give at least one football-data season file to replay.")
        # Instants are shown to the millisecond; finer ones would not be what they are shown as.
        self.epoch = self.epoch.replace(microsecond=self.epoch.microsecond // 1000 * 1000)
        first = self.epoch + timedelta(seconds=self.start_in) + BEFORE_FIRST
        last = self.epoch + timedelta(minutes=self.minutes) - AFTER_LAST
        if last <= first:
            raise SeasonUnreadable(f"{self.minutes:g} minutes are too few for a season: give at least 2 more.")
        kickoffs = squeeze([match.played_at for match in matches], first, last)
        self._fixtures = [self._fixture(i, *pair) for i, pair in enumerate(zip(matches, kickoffs, strict=True))]
        self._played = {FIRST_BFI + i: match for i, match in enumerate(matches)}
        self._by_number = {n: f for f in self._fixtures for n in (f.internal_id, f.bfi) if n is not None}

    def _fixture(self, number: int, match: Match, kickoff: datetime) -> Fixture:
        home_goals, away_goals = match.goals
        winner = match.home if home_goals > away_goals else match.away if away_goals > home_goals else DRAW
        digest = hashlib.md5(f"{match.div} {match.played_at} {match.home}".encode(), usedforsecurity=False).hexdigest()
        return Fixture(
            internal_id=FIRST_ID + number,
            bfi=FIRST_BFI + number,
            name=f"{match.home} vs {match.away}",
            competition=league(match.div),
            selections=(match.home, match.away, DRAW),
            listed_at=self.epoch,
            starts_at=kickoff,
            ends_at=kickoff + MATCH,
            outcome=Outcome(winner, match.goals),
            home=match.home,
            away=match.away,
            anchor=AnchorRow(digest, match.home, match.away, (match.home, match.away, "Draw")),
        )

    def competitions(self) -> list[Competition]:
        return list({f.competition.id: f.competition for f in self._fixtures}.values())

    def listed(self, now: datetime) -> list[Fixture]:
        return [fixture for fixture in self._fixtures if fixture.listed(now)]

    def finished(self, now: datetime) -> Iterator[Fixture]:
        return (fixture for fixture in reversed(self._fixtures) if fixture.result_kept(now))

    def find(self, number: int, now: datetime) -> Fixture | None:
        fixture = self._by_number.get(number)
        return fixture if fixture and fixture.listed_at <= now else None

    def markets(self, fixture: Fixture, now: datetime) -> Markets:
        """The best price of all bookmakers, as one bookmaker's; nothing once the match is on."""
        if now >= fixture.starts_at:
            return NO_MARKETS
        match = self._played[fixture.bfi]
        best = match.best
        if now >= fixture.starts_at - CLOSING:
            best = _either(match.best_closing, match.best)
        priced = zip(fixture.selections, best, strict=True)
        runners = tuple(Runner(name, (Level(odds, SIZE),) if odds else ()) for name, odds in priced)
        digest = hashlib.md5(f"bookmaker {fixture.bfi}".encode(), usedforsecurity=False).hexdigest()
        return Markets(bookmaker=Market(digest, "Bookmaker 0 Commission", runners, "BOOKMAKER"))

    def lines(self, fixture: Fixture, now: datetime) -> tuple[Line, ...]:
        """Pinnacle's match odds; without all three closing prices the line is withdrawn before the close."""
        if fixture.anchor is None or now >= fixture.starts_at:
            return ()
        match = self._played[fixture.bfi]
        closing = now >= fixture.starts_at - CLOSING
        if closing and None in match.pinnacle_closing:
            return ()
        odds = match.pinnacle_closing if closing else match.pinnacle
        outcomes = tuple((name, price, None) for name, price in zip(fixture.anchor.names, odds, strict=True) if price)
        return (Line("h2h", outcomes),) if outcomes else ()

    def total(self) -> int | None:
        return len(self._fixtures)


def _either(first: Odds, second: Odds) -> Odds:
    return first[0] or second[0], first[1] or second[1], first[2] or second[2]


def squeeze(played: Sequence[datetime], first: datetime, last: datetime) -> list[datetime]:
    """Map ascending instants linearly on `first` to `last`, to the millisecond; equal ones stay equal."""
    span = (played[-1] - played[0]).total_seconds() or 1.0
    scale = (last - first).total_seconds() / span
    return [first + timedelta(milliseconds=round((at - played[0]).total_seconds() * scale * 1000)) for at in played]


def league(div: str) -> Competition:
    """The league of a football-data division code; an unknown code is its own name."""
    name, key, title = LEAGUES.get(div, (div, f"soccer_{div.lower()}", div))
    number = 12_000_000 + zlib.crc32(div.encode()) % 1_000_000
    return Competition(number, name.lower().replace(" ", "-"), "Football", name, key, "Soccer", title)
