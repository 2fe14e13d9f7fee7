"""Settle published picks from results; what people must decide is held with the reason."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import F, Q

from apps.feed.models import Fixture, KickoffChange, Result
from apps.feed.names import fold
from apps.feed.queries import last_result
from apps.picks.grading import Ending, Held, decide
from apps.picks.models import Origin, Pick, Status
from apps.picks.services import NotBegun, settle_pick

log = structlog.get_logger(__name__)


LOOK_AGAIN = timedelta(minutes=10)  # at what is held: time alone voids a match that was put off
OVERDUE = timedelta(hours=12)  # after the start; the longest match has a result long before
NO_RESULT = "No result has come: settle it by hand."


def settle_due(*, now: datetime, most: int = 500) -> int:
    """Settle every published pick whose fixture has a result; gives how many. One bad pick stops no other."""
    with_result = Q(fixture__results__isnull=False) | Q(fixture__merged_into__results__isnull=False)
    look = Q(held="") | Q(held_at__lt=now - LOOK_AGAIN) | Q(fixture__results__observed_at__gt=F("held_at"))
    published = Pick.objects.filter(status=Status.PUBLISHED)
    settled = 0
    for pick_id in published.filter(with_result, look).values_list("pk", flat=True).distinct()[:most]:
        try:
            settled += _settle(pick_id, now=now)
        except Exception:
            log.exception("pick_not_settled", pick=str(pick_id))
    published.filter(held="", kickoff_at__lt=now - OVERDUE).exclude(with_result).update(held=NO_RESULT, held_at=now)
    return settled


def _settle(pick_id: UUID, *, now: datetime) -> bool:
    pick = Pick.objects.select_related("fixture__merged_into").get(pk=pick_id)
    fixture = pick.fixture.merged_into or pick.fixture
    result = last_result(fixture)
    if result is None or pick.status != Status.PUBLISHED:
        return False
    ending = _ending(result, fixture, hours_late=_hours_late(pick, fixture, now=now))
    if pick.origin == Origin.ENGINE and not _names_the_same(pick, fixture):
        return _hold(pick, "The sides of the fixture are not those that the pick names.", now=now)
    grading = decide(market=pick.market, side=pick.side, line=pick.line, ending=ending)
    if isinstance(grading, Held):
        return _hold(pick, grading.reason, now=now)
    evidence = {"result": result.pk, "winner": result.winner, "score": _score(result), "status": result.status}
    try:
        settle_pick(pick_id=pick.pk, result=grading.result, now=now, rule=grading.rule, evidence=evidence)
    except NotBegun as error:
        return _hold(pick, str(error), now=now)
    return True


def _hold(pick: Pick, reason: str, *, now: datetime) -> bool:
    Pick.objects.filter(pk=pick.pk, status=Status.PUBLISHED).update(held=reason[:200], held_at=now)
    return False


def _names_the_same(pick: Pick, fixture: Fixture) -> bool:
    """Whether the bet in words, as customers read it, is still on the side that it would be graded as."""
    if pick.side not in ("home", "away"):
        return True
    mine, other = fixture.home_team, fixture.away_team
    if pick.side == "away":
        mine, other = other, mine
    named = fold(pick.selection)
    return fold(mine) in named or fold(other) not in named


def _hours_late(pick: Pick, fixture: Fixture, *, now: datetime) -> float:
    """From the start that was promised when the pick went out to the real one, or to now while there is none."""
    moves = KickoffChange.objects.filter(fixture=fixture, observed_at__gt=pick.published_at, old__isnull=False)
    first = moves.order_by("observed_at", "pk").first()
    promised = (first.old if first else None) or fixture.kickoff_at
    real = fixture.started_at or (fixture.kickoff_at if fixture.kickoff_at and fixture.kickoff_at <= now else now)
    return (real - promised).total_seconds() / 3_600 if promised else 0.0


def _ending(result: Result, fixture: Fixture, *, hours_late: float) -> Ending:
    return Ending(
        sport=fixture.sport,
        status=result.status,
        winner=result.side,
        named=result.winner,
        tagged=result.tagged,
        home_score=result.home_score,
        away_score=result.away_score,
        hours_late=hours_late,
    )


def _score(result: Result) -> str:
    return "" if result.home_score is None else f"{result.home_score}-{result.away_score}"
