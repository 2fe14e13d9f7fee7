"""Turn edges into picks for review, and keep those in review in step with prices and fixtures."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction

from apps.feed.models import Fixture, Kind
from apps.feed.queries import promising_fixtures
from apps.feed.stillness import still_since
from apps.picks.candidates import ANCHOR, edge_in, fields_of, rules
from apps.picks.models import Origin, Pick, Status

log = structlog.get_logger(__name__)

# What counts as a change of a pick in review: its price, its side, how far it can be trusted.
WATCHED = ("side", "odds", "fair_odds", "book", "confidence", "suspicious", "method")


def propose(*, now: datetime) -> int:
    """Evaluate every fixture that can still make a pick; gives how many new picks went into review.

    One pick per fixture and market, the best edge (a match that is put off after its pick expired may make another): a
    pick in review follows the prices until somebody edits its text
    or decides; any other pick of the fixture is left as it is. Safe to run twice at once: the database refuses a
    second pick.
    """
    follow_fixtures()
    active = rules()
    found: list[tuple[Fixture, dict[str, Any]]] = []
    for fixture in _promising(now=now):
        edge = edge_in(fixture, now=now, rules=active)
        if edge is not None:
            found.append((fixture, fields_of(edge, fixture, now=now, rules=active)))
    known = {
        pick.fixture_id: pick
        for pick in Pick.objects.filter(
            fixture__in=[fixture.pk for fixture, _fields in found], question=Kind.MATCH_ODDS, origin=Origin.ENGINE
        ).exclude(status=Status.EXPIRED)
    }
    new = [_new_pick(fixture, fields, now=now) for fixture, fields in found if fixture.pk not in known]
    Pick.objects.bulk_create(new, ignore_conflicts=True)
    _refresh([(known[fixture.pk], fields) for fixture, fields in found if fixture.pk in known])
    return len(new)


def _promising(*, now: datetime) -> Sequence[Fixture]:
    if still_since(now=now) is not None:
        return []
    return list(
        promising_fixtures(
            earliest=now + timedelta(seconds=settings.KICKOFF_LEAD_SECONDS),
            latest=now + timedelta(hours=settings.KICKOFF_HORIZON_HOURS),
            anchor=ANCHOR,
            seen_since=now - timedelta(seconds=settings.QUOTE_MAX_AGE_SECONDS),
        )
    )


def _new_pick(fixture: Fixture, fields: dict[str, Any], *, now: datetime) -> Pick:
    return Pick(
        fixture=fixture,
        sport=fixture.sport,
        league=fixture.league,
        kickoff_at=fixture.kickoff_at,
        question=Kind.MATCH_ODDS,
        proposed_at=now,
        **fields,
    )


def _refresh(picks: Sequence[tuple[Pick, dict[str, Any]]]) -> None:
    for pick, fields in picks:
        if pick.status != Status.REVIEW or pick.analysis_edited:
            continue
        if any(getattr(pick, name) != fields[name] for name in WATCHED):
            # Conditions, not a lock: a reviewer who decides at this moment wins.
            Pick.objects.filter(pk=pick.pk, status=Status.REVIEW, analysis_edited=False).update(**fields)


FOLLOW_MERGES = """
UPDATE picks_pick AS p SET fixture_id = moving.kept
FROM (
  SELECT DISTINCT ON (f.merged_into_id, mine.question) mine.id, f.merged_into_id AS kept
  FROM picks_pick AS mine JOIN feed_fixture AS f ON f.id = mine.fixture_id
  WHERE f.merged_into_id IS NOT NULL AND mine.status IN ('admin_review', 'published')
    AND NOT EXISTS (
      SELECT 1 FROM picks_pick AS other
      WHERE other.fixture_id = f.merged_into_id AND other.question = mine.question AND other.status <> 'expired'
    )
  ORDER BY f.merged_into_id, mine.question, mine.status DESC, mine.proposed_at  -- what is out goes first
) AS moving
WHERE p.id = moving.id
"""
FOLLOW_TIMES = """
UPDATE picks_pick AS p SET kickoff_at = f.kickoff_at, sport = f.sport, league = f.league
FROM feed_fixture AS f
WHERE p.fixture_id = f.id AND p.status IN ('admin_review', 'published')
  AND (p.status = 'admin_review' OR f.kickoff_at IS NOT NULL)
  AND (p.kickoff_at, p.sport, p.league) IS DISTINCT FROM (f.kickoff_at, f.sport, f.league)
"""


def follow_fixtures() -> None:
    """Carry over to picks what happened to their fixtures: two rows that became one, a start or league that changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FOLLOW_MERGES)
        cursor.execute(FOLLOW_TIMES)
