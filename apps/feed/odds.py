"""Keep prices current: ask cheaply what moved, read in full only that, and confirm the rest."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, When

from apps.core.races import in_transaction
from apps.feed import stillness
from apps.feed.http import UpstreamFailed, UpstreamRefused
from apps.feed.models import Fixture
from apps.feed.porqpine import schema
from apps.feed.porqpine.client import MOST_IDS, Porqpine
from apps.feed.quotes import Observed, confirm_quotes, record_quotes
from apps.feed.readings import FixtureReading, OddsReading
from apps.feed.watch import Outcome

log = structlog.get_logger(__name__)

BOOKS = tuple(schema.BOOKS)  # the books that Porqpine carries
FULL_READ = timedelta(minutes=8)  # a full read at least this often: longer than any turn, shorter than a quote may live
SEEN = timedelta(minutes=15)  # what no list has shown for longer is not asked for
READING = 15.0  # seconds: what was read is stored before the worker's time is up, however slow upstream is
NOT_LIVE = "upstream does not answer from its live source, so its prices count as not fresh"
NEAREST = (F("kickoff_at").asc(nulls_last=True), "odds_due_at")
SOON, TODAY = timedelta(minutes=15), timedelta(hours=3)


def claim_due(*, now: datetime, most: int) -> list[Fixture]:
    """Up to `most` fixtures whose prices are due, each moved to its next turn: the nearer the kick-off, the sooner."""
    with transaction.atomic():
        due = list(
            Fixture.objects.select_for_update(skip_locked=True)
            .filter(odds_due_at__lte=now, merged_into=None, last_seen_at__gte=now - SEEN)
            .order_by(Case(When(kickoff_at__lt=now, then=1), default=0), *NEAREST)[:most]
        )
        for fixture in due:
            fixture.odds_due_at = next_turn(fixture, now=now)
        Fixture.objects.bulk_update(due, ["odds_due_at"])
    return [fixture for fixture in due if fixture.started_at is None and not fixture.tournament]


def next_turn(fixture: Fixture, *, now: datetime) -> datetime | None:
    """When to read its prices again; None once it has begun: no pick comes of it any more."""
    base = timedelta(seconds=settings.POLL_SECONDS["odds"])
    if fixture.started_at is not None or fixture.tournament:
        return None
    if fixture.kickoff_at is None:
        return now + 6 * base
    left = fixture.kickoff_at - now
    if left < -TODAY:
        return None
    if left > timedelta(hours=settings.KICKOFF_HORIZON_HOURS):
        return fixture.kickoff_at - timedelta(hours=settings.KICKOFF_HORIZON_HOURS)
    if left < timedelta(0):  # begun, though nobody has seen it in play yet
        return now + 6 * base
    return now + base * (1 if left <= SOON else 6 if left <= TODAY else 30)


def refresh(fixtures: Sequence[Fixture], *, upstream: Porqpine, now: datetime) -> Outcome:
    """Bring the prices of these fixtures up to date. One that fails keeps its old digest, so it is read next turn.

    UpstreamFailed where not even the change detector answers.
    """
    digests = _digests(fixtures, upstream)
    still: list[Fixture] = []
    moved: list[Fixture] = []
    for fixture in fixtures:
        digest = digests.get(_asked(fixture), "")
        fresh_enough = fixture.odds_read_at is not None and now - fixture.odds_read_at < FULL_READ
        (still if digest and digest == fixture.odds_digest and fresh_enough else moved).append(fixture)
    confirm_quotes(fixture_ids=[fixture.pk for fixture in still], books=BOOKS, now=now)

    read, wrong = _read_in_time(moved, upstream)
    observed: list[Observed] = []
    for fixture, reading in read:
        observed += whole_books(fixture.pk, reading, in_play=fixture.started_at is not None)
        # What could not be read whole is read again at the next turn, moved or not.
        fixture.odds_digest = digests.get(_asked(fixture), "") if reading.legible and reading.fresh else ""
        fixture.odds_read_at = now

    def store() -> int:
        changed = record_quotes(observed, now=now)
        Fixture.objects.bulk_update([fixture for fixture, _reading in read], ["odds_digest", "odds_read_at"])
        return changed

    changed = in_transaction(store)
    priced = {book.fixture_id for book in observed if book.markets} | {fixture.pk for fixture in still}
    stillness.note(fixture_ids=priced, moved=changed > 0, now=now)
    return Outcome(len(still) + len(read), wrong=wrong)


def _read_in_time(fixtures: Sequence[Fixture], upstream: Porqpine) -> tuple[list[tuple[Fixture, OddsReading]], str]:
    """What could be read of these fixtures within READING seconds, and what was wrong; the rest wait for their turn."""
    read: list[tuple[Fixture, OddsReading]] = []
    wrong = ""
    until = time.monotonic() + READING
    for fixture in fixtures:
        if time.monotonic() > until:
            return read, wrong or f"upstream is slow: {len(read)} of {len(fixtures)} were read in {READING:g} s"
        try:
            reading = _read(fixture, upstream)
        except UpstreamFailed as error:
            log.warning("odds_not_read", fixture=fixture.pk, reason=str(error))
            wrong = str(error)
            continue
        if reading is not None:
            read.append((fixture, reading))
            wrong = wrong or ("" if reading.fresh else NOT_LIVE)
    return read, wrong


def whole_books(
    fixture_id: int, reading: OddsReading, *, in_play: bool, books: Iterable[str] = BOOKS
) -> list[Observed]:
    """One observation a book; a book that the answer leaves out has withdrawn what it had."""
    return [
        Observed(
            fixture_id=fixture_id,
            book=book,
            markets=tuple(market for market in reading.markets if market.book == book),
            fresh=reading.fresh,
            in_play=in_play or reading.in_play,
        )
        for book in books
    ]


def _digests(fixtures: Sequence[Fixture], upstream: Porqpine) -> dict[str, str]:
    found: dict[str, str] = {}
    asked = [_asked(fixture) for fixture in fixtures]
    for start in range(0, len(asked), MOST_IDS):
        try:
            found |= upstream.digests(asked[start : start + MOST_IDS])
        except UpstreamRefused as error:  # one id that it does not like: these are read in full
            log.warning("digests_refused", reason=str(error))
    return found


def _read(fixture: Fixture, upstream: Porqpine) -> OddsReading | None:
    try:
        reading, _origin = upstream.odds(_as_reading(fixture))
    except UpstreamRefused:
        return None  # gone from upstream: the lists will say so
    return reading


def _asked(fixture: Fixture) -> str:
    return fixture.bfi or fixture.internal_id or ""


def _as_reading(fixture: Fixture) -> FixtureReading:
    return FixtureReading(
        internal_id=fixture.internal_id,
        bfi=fixture.bfi,
        sport=fixture.sport,
        name=fixture.name,
        home_team=fixture.home_team,
        away_team=fixture.away_team,
        in_play=fixture.in_play,
    )
