"""Take results in: each thing upstream says of an end is one row; what it says again is the latest word again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db.models import F, Q

from apps.feed.models import Fixture, Result
from apps.feed.names import CALLED_OFF, same_match, side_of
from apps.feed.readings import ResultReading

log = structlog.get_logger(__name__)

# Minutes from the start to the usual end; a fixture past it is asked for its result.
USUAL_MINUTES = {
    "soccer": 115, "tennis": 180, "cricket": 480, "basketball": 150, "ice-hockey": 160, "table-tennis": 60,
    "handball": 100, "volleyball": 130, "horse-racing": 15, "greyhound": 10,
}  # fmt: skip
OTHER_MINUTES = 180
LONG = timedelta(hours=4)
SAID = ["fixture", "winner", "tagged", "home_score", "away_score", "status"]
BATCH = 2_000
ENDED = Q(results__winner__gt="") | Q(results__status__in=CALLED_OFF)  # somebody said how it ended
GIVE_UP = timedelta(days=4)  # upstream keeps results 12 hours; after four days nobody will say


def ingest_results(readings: Sequence[ResultReading], *, now: datetime) -> int:
    """Store what is new in a page of results; gives how many rows were new.

    Unknown events are passed over, as is a record that names another match or one that has not begun: internal ids
    are handed out again, and a wrong result cannot be taken back from customers.
    """
    fixtures = _fixtures(readings)
    rows: dict[tuple[object, ...], Result] = {}  # by what they say: an upsert may not meet one row twice
    for reading in readings:
        fixture = fixtures.get(("bfi", reading.bfi)) or fixtures.get(("internal", reading.internal_id))
        if fixture is not None and _speaks_of(reading, fixture, now=now):
            row = _row(reading, fixture, now=now)
            rows[tuple(getattr(row, name) for name in SAID)] = row
    touched = {row.fixture_id for row in rows.values()}
    before = Result.objects.filter(fixture__in=touched).count()
    # A spoiled record between two good ones must not have the last word.
    Result.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=SAID, update_fields=["observed_at"], batch_size=BATCH
    )
    ended = {row.fixture_id for row in rows.values() if row.winner or row.status in CALLED_OFF}
    Fixture.objects.filter(
        Q(in_play=True) | Q(result_due_at__isnull=False) | Q(odds_due_at__isnull=False), pk__in=ended
    ).update(in_play=False, result_due_at=None, odds_due_at=None)
    return Result.objects.filter(fixture__in=touched).count() - before


def _speaks_of(reading: ResultReading, fixture: Fixture, *, now: datetime) -> bool:
    if reading.bfi and fixture.bfi and reading.bfi != fixture.bfi:
        return False
    if not (reading.bfi and fixture.bfi) and not same_match(
        (reading.name, reading.home_team, reading.away_team), (fixture.name, fixture.home_team, fixture.away_team)
    ):
        log.warning("result_of_another_match", fixture=fixture.pk, names=reading.name)
        return False
    # A match that is called off is over before it begins; one that is won is not.
    return fixture.may_have_begun(now) or reading.status in CALLED_OFF


def _fixtures(readings: Sequence[ResultReading]) -> dict[tuple[str, str | None], Fixture]:
    rows = Fixture.objects.filter(
        Q(bfi__in=[reading.bfi for reading in readings if reading.bfi])
        | Q(internal_id__in=[reading.internal_id for reading in readings if reading.internal_id])
    )
    found: dict[tuple[str, str | None], Fixture] = {}
    for row in rows:
        if row.bfi:
            found["bfi", row.bfi] = row
        if row.internal_id:
            found["internal", row.internal_id] = row
    return found


def _row(reading: ResultReading, fixture: Fixture, *, now: datetime) -> Result:
    side = side_of(reading.winner, home=fixture.home_team, away=fixture.away_team) if reading.winner else ""
    return Result(
        fixture=fixture,
        winner=reading.winner,
        tagged=reading.tagged,
        side="" if side == "other" else side,
        home_score=reading.home_score,
        away_score=reading.away_score,
        status=reading.status,
        completed_at=reading.completed_at,
        observed_at=now,
        evidence=reading.evidence,
    )


def expect_results(*, now: datetime) -> int:
    """Fixtures with prices that should have ended by now and were never asked for: ask. Gives how many."""
    overdue = Q()
    for sport, minutes in USUAL_MINUTES.items():
        overdue |= Q(sport=sport, kickoff_at__lt=now - timedelta(minutes=minutes))
    others = Q(kickoff_at__lt=now - timedelta(minutes=OTHER_MINUTES)) & ~Q(sport__in=list(USUAL_MINUTES))
    return (
        Fixture.objects.filter(
            overdue | others,
            kickoff_at__gt=now - GIVE_UP,
            result_due_at=None,
            result_asks=0,
            odds_read_at__isnull=False,
            merged_into=None,
            tournament=False,
        )
        .exclude(ENDED)
        .update(result_due_at=now)
    )


def claim_result_asks(*, now: datetime, most: int) -> list[Fixture]:
    """The fixtures to ask about now, each moved to its next ask: every 30 s ten times, then slower, to an hour."""
    over = Q(in_play=False) | Q(kickoff_at__lt=now - LONG)  # the live lists may be away, and nobody ends its play
    due = Fixture.objects.filter(over, result_due_at__lte=now).order_by("result_due_at").values("pk")[:most]
    claimed = []
    for row in Fixture.objects.filter(pk__in=due):
        seconds = 30 if row.result_asks < 10 else min(30 * 2 ** (row.result_asks - 9), 3_600)
        began = row.started_at or row.kickoff_at or row.first_seen_at
        later = now + timedelta(seconds=seconds) if now - began < GIVE_UP else None
        moved = Fixture.objects.filter(pk=row.pk, result_due_at=row.result_due_at)
        if moved.update(result_due_at=later, result_asks=F("result_asks") + 1):
            claimed.append(row)
    return claimed
