"""What people and beat do to the feed's rows; the taking in itself is in ingest, quotes, results and anchors/."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.core.errors import AppError
from apps.core.redis import client as redis_client
from apps.feed import odds, results
from apps.feed.anchors.ingest import aliases_of, give_kickoffs
from apps.feed.anchors.joining import NEAR, Joiner, times_agree
from apps.feed.http import UpstreamFailed
from apps.feed.ingest import TRUST, schedule
from apps.feed.models import AnchorRow, Fixture, TeamAlias
from apps.feed.porqpine.client import porqpine
from apps.feed.watch import Outcome, watched

TICK = "feed:tick"  # when a worker last ran, for readiness


class NotJoinable(AppError):
    code = "anchor_row_not_joinable"


def refresh_due_odds(*, now: datetime, most: int = 60) -> int:
    """Bring the prices that are due up to date; gives how many fixtures were looked at."""
    due = odds.claim_due(now=now, most=most)
    if due:
        watched("odds", lambda: odds.refresh(due, upstream=porqpine(), now=now))
    return len(due)


def ask_due_results(*, now: datetime, most: int = 40) -> int:
    """Ask upstream how the fixtures ended that should have; gives how many were asked."""
    results.expect_results(now=now)
    fixtures = results.claim_result_asks(now=now, most=most)
    if fixtures:
        watched("result", lambda: _ask_results(fixtures, now=now))
    return len(fixtures)


def _ask_results(fixtures: Sequence[Fixture], *, now: datetime) -> Outcome:
    wrong = ""
    for fixture in fixtures:
        try:
            reading = porqpine().result(fixture.bfi or fixture.internal_id or "")
        except UpstreamFailed as error:
            wrong = str(error)
            continue  # its next ask is already set
        if reading is not None:
            results.ingest_results([reading], now=now)
    return Outcome(len(fixtures), wrong=wrong)


def mark_tick(*, now: datetime) -> None:
    """Remember that a worker is alive."""
    redis_client().set(TICK, now.timestamp())


@transaction.atomic
def enter_kickoff(*, fixture_id: int, kickoff_at: datetime, now: datetime) -> Fixture:
    """A reviewer enters the start that the feed does not show. AppError where the feed itself knows it."""
    fixture = Fixture.objects.select_for_update().get(pk=fixture_id)
    if TRUST[fixture.kickoff_source] > TRUST["reviewer"]:
        raise AppError(f"The {fixture.kickoff_source} itself says when {fixture} begins.", code="kickoff_known")
    move = schedule(fixture, kickoff_at, source="reviewer", now=now)
    if move is not None:
        fixture.save(update_fields=["kickoff_at", "kickoff_source", "odds_due_at"])
        move.save()
    return fixture


def joinable_fixtures(row: AnchorRow) -> list[Fixture]:
    """Fixtures of the row's sport within three hours of which one side is the row's: what a person may join it to."""
    joiner = Joiner([], aliases_of(row.sport))
    names = {joiner.canonical(row.home_team), joiner.canonical(row.away_team)}
    near = Fixture.objects.filter(sport=row.sport, merged_into=None, tournament=False).exclude(home_team="")
    if row.commence_at is not None:
        near = near.filter(Q(kickoff_at=None) | Q(kickoff_at__range=(row.commence_at - NEAR, row.commence_at + NEAR)))
    return [
        fixture
        for fixture in near.order_by("-last_seen_at")[:2_000]
        if names & {joiner.canonical(fixture.home_team), joiner.canonical(fixture.away_team)}
    ]


@transaction.atomic
def make_alias(*, row_id: int, fixture_id: int, now: datetime) -> TeamAlias:
    """Join a row to a fixture that shares one side with it, and keep the other side's spelling as an alias.

    NotJoinable where they share no side, or where their times are more than three hours apart.
    """
    row = AnchorRow.objects.select_for_update().get(pk=row_id)
    fixture = Fixture.objects.get(pk=fixture_id)
    joiner = Joiner([], aliases_of(row.sport))
    theirs = [joiner.canonical(row.home_team), joiner.canonical(row.away_team)]
    ours = [joiner.canonical(fixture.home_team), joiner.canonical(fixture.away_team)]
    swapped = theirs[0] == ours[1] or theirs[1] == ours[0]
    if swapped:
        ours.reverse()
    strangers = [(name, same_as) for name, same_as in zip(theirs, ours, strict=True) if name != same_as]
    joinable = row.sport == fixture.sport and fixture.merged_into_id is None
    if not joinable or len(strangers) != 1 or not times_agree(fixture, row.commence_at):
        raise NotJoinable(f"{row} and {fixture} must share one side and begin within three hours of each other.")
    (name, same_as) = strangers[0]
    alias, _made = TeamAlias.objects.update_or_create(sport=row.sport, name=name, defaults={"same_as": same_as})
    row.fixture, row.swapped = fixture, swapped
    row.save(update_fields=["fixture", "swapped"])
    give_kickoffs([row], now=now)
    return alias
