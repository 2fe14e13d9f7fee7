"""Which fixture an anchor's row speaks of: both names must agree, through the aliases, and the times may not clash."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from apps.feed.models import AnchorRow, Fixture
from apps.feed.names import fold

NEAR = timedelta(hours=3)


class Join(NamedTuple):
    """A fixture, and whether the anchor names its sides the other way round."""

    fixture: Fixture
    swapped: bool


class Joiner:
    """Finds fixtures by folded names. Built once for many rows of one sport.

    aliases: folded name -> the folded name that it is read as.
    """

    def __init__(self, fixtures: Iterable[Fixture], aliases: Mapping[str, str]) -> None:
        self._aliases = aliases
        self._by_sides: dict[tuple[str, str], list[Fixture]] = {}
        for fixture in fixtures:
            sides = self.canonical(fixture.home_team), self.canonical(fixture.away_team)
            if all(sides):
                self._by_sides.setdefault(sides, []).append(fixture)

    def canonical(self, name: str) -> str:
        """The folded name, read through the aliases."""
        folded = fold(name)
        return self._aliases.get(folded, folded)

    def find(self, row: AnchorRow) -> Join | None:
        """The fixture nearest in time whose two sides are the row's; None where there is none within three hours."""
        home, away = self.canonical(row.home_team), self.canonical(row.away_team)
        for sides, swapped in (((home, away), False), ((away, home), True)):
            near = [
                fixture
                for fixture in self._by_sides.get(sides, ())
                if times_agree(fixture, row.commence_at) and not _next_meeting(fixture, row)
            ]
            if near:
                return Join(min(near, key=lambda fixture: _distance(fixture, row.commence_at)), swapped)
        return None


def times_agree(fixture: Fixture, commence_at: datetime | None) -> bool:
    """Whether two starts are within three hours, or one is unknown. A start that an anchor gave binds no anchor."""
    known = fixture.kickoff_source not in ("", "anchor")
    firm = fixture.kickoff_at if known else fixture.started_at if fixture.in_play else None
    return firm is None or commence_at is None or abs(firm - commence_at) <= NEAR


def _next_meeting(fixture: Fixture, row: AnchorRow) -> bool:
    """Whether a row is a later match of the same sides: only the row that gave a start may put it off."""
    if row.fixture_id == fixture.pk or fixture.kickoff_at is None or row.commence_at is None:
        return False
    return row.commence_at > fixture.kickoff_at + NEAR


def _distance(fixture: Fixture, commence_at: datetime | None) -> tuple[float, int]:
    if fixture.kickoff_at is None or commence_at is None:
        return NEAR.total_seconds(), fixture.pk
    return abs((fixture.kickoff_at - commence_at).total_seconds()), fixture.pk
