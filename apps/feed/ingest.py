"""Take fixtures in: a whole page in a bounded number of statements, whatever ids its records show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db.models import Q

from apps.core.races import in_transaction
from apps.feed.models import Fixture, KickoffChange
from apps.feed.names import fold, same_match
from apps.feed.readings import FixtureReading

log = structlog.get_logger(__name__)

FIELDS = [
    "internal_id", "bfi", "sport", "league", "name", "home_team", "away_team", "kickoff_at", "kickoff_source",
    "started_at", "in_play", "waiting_at", "tournament", "last_seen_at", "odds_due_at", "odds_digest", "result_due_at",
    "result_asks",
]  # fmt: skip
TOUCHED = ("last_seen_at", "waiting_at")  # written for a whole page at once, and no change of a row
BATCH = 2_000
YOUNG_START = timedelta(minutes=5)


@dataclass
class Known:
    """The rows a page may speak of, by either id."""

    by_internal: dict[str, Fixture] = field(default_factory=dict)
    by_bfi: dict[str, Fixture] = field(default_factory=dict)

    @classmethod
    def for_page(cls, readings: Iterable[FixtureReading]) -> "Known":
        readings = list(readings)
        ids = [reading.internal_id for reading in readings if reading.internal_id]
        bfis = [reading.bfi for reading in readings if reading.bfi]
        rows = (
            Fixture.objects.select_for_update(no_key=True)
            .filter(Q(internal_id__in=ids) | Q(bfi__in=bfis))
            .order_by("id")
        )
        known = cls()
        for row in rows:
            known.add(row)
        return known

    def add(self, row: Fixture) -> None:
        if row.internal_id:
            self.by_internal[row.internal_id] = row
        if row.bfi:
            self.by_bfi[row.bfi] = row

    def find(self, reading: FixtureReading) -> tuple[Fixture | None, Fixture | None]:
        return self.by_internal.get(reading.internal_id or ""), self.by_bfi.get(reading.bfi or "")


def ingest_fixtures(readings: Sequence[FixtureReading], *, origin: str, now: datetime) -> dict[FixtureReading, int]:
    """Insert or update every fixture of a page; gives the row id of each reading.

    Two workers may meet on a new fixture: the loser of the unique id reads again and finds the winner's row.
    """
    return in_transaction(lambda: _ingest(readings, origin=origin, now=now))


def _ingest(readings: Sequence[FixtureReading], *, origin: str, now: datetime) -> dict[FixtureReading, int]:
    known = Known.for_page(readings)
    rows: dict[FixtureReading, Fixture] = {}
    new: list[Fixture] = []
    changed: dict[int, Fixture] = {}
    seen: list[Fixture] = []
    moves: list[KickoffChange] = []
    for reading in readings:
        row = _row_for(reading, known)
        if row is None:
            row = Fixture(origin=origin, first_seen_at=now, sport=reading.sport, name=reading.name, odds_due_at=now)
            new.append(row)
        before = _state(row)
        if known.by_bfi.get(reading.bfi or "", row) is row:
            row.bfi = reading.bfi or row.bfi
        _apply(reading, row, moves, now=now)
        known.add(row)
        rows[reading] = row
        row.last_seen_at = now
        row.waiting_at = now if row.started_at is None else row.waiting_at
        if row.pk is not None:
            seen.append(row)
            if _state(row) != before:
                changed[row.pk] = row
    new = [row for row in new if row.internal_id or row.bfi]  # a later record of this page took over the others' ids
    _write(new, list(changed.values()), seen, moves, now=now)
    return {reading: row.pk for reading, row in rows.items() if row.pk is not None}


def _row_for(reading: FixtureReading, known: Known) -> Fixture | None:
    """The row a record speaks of. The bfi is the firmer of the two ids: internal ids are handed out again."""
    mine, by_bfi = known.find(reading)
    if by_bfi is not None:
        if mine is not None and mine is not by_bfi:
            if mine.bfi and _same_sides(reading, mine) and not _same_sides(reading, by_bfi):
                return mine  # its bfi is somebody else's: a slip of this record
            _resolve_two(mine, by_bfi, known)
        return by_bfi
    if mine is not None and _another_event(reading, mine):
        _give_up_internal_id(mine, known)
        return None
    return mine


def _another_event(reading: FixtureReading, mine: Fixture) -> bool:
    """Whether an internal id was handed on: two bfis and other sides, or no side in common."""
    if reading.bfi and mine.bfi:
        return not _same_sides(reading, mine)
    return not same_match(
        (reading.name, reading.home_team, reading.away_team), (mine.name, mine.home_team, mine.away_team)
    )


def _resolve_two(mine: Fixture, by_bfi: Fixture, known: Known) -> None:
    """A record joins two rows: the one known by internal id alone goes into the one known by bfi."""
    merge = mine.bfi is None and mine.pk is not None and by_bfi.pk is not None
    _give_up_internal_id(mine, known)
    if merge:
        by_bfi.kickoff_at = by_bfi.kickoff_at or mine.kickoff_at
        by_bfi.kickoff_source = by_bfi.kickoff_source or mine.kickoff_source
        Fixture.objects.filter(pk=mine.pk).update(merged_into=by_bfi, odds_due_at=None, result_due_at=None)
        Fixture.objects.filter(merged_into=mine).update(merged_into=by_bfi)
        mine.anchor_rows.update(fixture=by_bfi)
        by_bfi.started_at = by_bfi.started_at or mine.started_at
        known_already = by_bfi.results.values_list("winner", "status")
        mine.results.exclude(winner__in=[winner for winner, _status in known_already]).update(fixture=by_bfi)
        log.info("fixtures_merged", gone=mine.pk, kept=by_bfi.pk)


def _give_up_internal_id(row: Fixture, known: Known) -> None:
    known.by_internal.pop(row.internal_id or "", None)
    row.internal_id = None
    if row.pk is not None:
        Fixture.objects.filter(pk=row.pk).update(internal_id=None)


def _same_sides(reading: FixtureReading, row: Fixture) -> bool:
    return fold(reading.name) == fold(row.name) or (
        bool(row.home_team)
        and (fold(reading.home_team), fold(reading.away_team)) == (fold(row.home_team), fold(row.away_team))
    )


def _apply(reading: FixtureReading, row: Fixture, moves: list[KickoffChange], *, now: datetime) -> None:
    """Copy what the record says; what it leaves out stays as it was."""
    row.internal_id = reading.internal_id or row.internal_id
    row.sport, row.name, row.tournament = reading.sport, reading.name, reading.tournament
    row.league = reading.league or row.league
    # The lists do not agree on the order of the sides; a pick is on a side, so the first order that we saw stays.
    if (fold(reading.home_team), fold(reading.away_team)) != (fold(row.away_team), fold(row.home_team)):
        row.home_team = reading.home_team or row.home_team
        row.away_team = reading.away_team or row.away_team
    _apply_play(reading, row, now=now)
    if reading.kickoff_at is not None:
        move = schedule(row, reading.kickoff_at, source="feed", now=now)
        if move is not None:
            moves.append(move)


def _apply_play(reading: FixtureReading, row: Fixture, *, now: datetime) -> None:
    """Begun, waiting, or waiting again. Only the live lists end play (leave_play): the catalogue is older."""
    if reading.in_play:
        row.in_play = True
        row.started_at = row.started_at or now
    elif _never_began(row, now=now):
        row.started_at = row.result_due_at = None
        row.result_asks, row.odds_digest = 0, ""
    waits = row.started_at is None and not row.tournament
    if waits and row.odds_due_at is None and (row.kickoff_at is None or now < row.kickoff_at):
        row.odds_due_at = now


def _never_began(row: Fixture, *, now: datetime) -> bool:
    """Whether a start was a slip, or put off: just seen, over at once, and the schedule still ahead."""
    if row.started_at is None or row.in_play or now - row.started_at > YOUNG_START:
        return False
    return row.kickoff_at is None or now < row.kickoff_at


# Whose word on the kick-off counts more: the feed's own, then a reviewer's, then the anchor's.
TRUST = {"": 0, "anchor": 1, "reviewer": 2, "feed": 3, "import": 3}


def schedule(row: Fixture, kickoff_at: datetime, *, source: str, now: datetime) -> KickoffChange | None:
    """Set the kick-off in memory and give the change to save; None where nothing moved or a firmer word stands."""
    if TRUST[source] < TRUST[row.kickoff_source]:
        return None
    row.kickoff_source = source
    if kickoff_at == row.kickoff_at:
        return None
    move = KickoffChange(fixture=row, old=row.kickoff_at, new=kickoff_at, source=source, observed_at=now)
    row.kickoff_at = kickoff_at
    if row.started_at is None:
        row.odds_due_at = now
    return move


def _state(row: Fixture) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in FIELDS if name not in TOUCHED)


def _write(
    new: list[Fixture], changed: list[Fixture], seen: list[Fixture], moves: list[KickoffChange], *, now: datetime
) -> None:
    Fixture.objects.bulk_create(new, batch_size=BATCH)
    Fixture.objects.filter(pk__in=[row.pk for row in seen]).update(last_seen_at=now)
    waiting = [row.pk for row in seen if row.started_at is None]
    Fixture.objects.filter(pk__in=waiting).update(waiting_at=now)
    # An upsert on the primary key writes every changed row in one statement.
    Fixture.objects.bulk_create(
        changed, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=FIELDS
    )
    KickoffChange.objects.bulk_create(moves, batch_size=BATCH)


def leave_play(*, still_live: set[int], unread: set[str], now: datetime) -> int:
    """Fixtures that were in play and are gone from the live lists: ask for their result now. Gives how many.

    unread: ids of live records that could not be read; their fixtures are not taken for gone.
    """
    gone = Fixture.objects.filter(in_play=True, merged_into=None).exclude(pk__in=still_live)
    gone = gone.exclude(Q(internal_id__in=unread) | Q(bfi__in=unread))
    return gone.update(in_play=False, result_due_at=now, result_asks=0)
