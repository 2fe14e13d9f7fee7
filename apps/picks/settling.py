"""Settle published picks from results, with the closing price; what people must decide is held with the reason."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Q

from apps.feed.models import Fixture, Result
from apps.feed.queries import closing_quotes, last_result, start_of
from apps.picks.candidates import sides_of
from apps.picks.engine.margin import NoFairPrice, fair_probabilities
from apps.picks.grading import Ending, Held, decide
from apps.picks.models import Origin, Pick, Status
from apps.picks.services import settle_pick

log = structlog.get_logger(__name__)
CLOSE_MAX_AGE = timedelta(minutes=10)


def settle_due(*, now: datetime, most: int = 500) -> int:
    """Settle every published pick whose fixture has a result; gives how many. One bad pick stops no other."""
    with_result = Q(fixture__results__isnull=False) | Q(fixture__merged_into__results__isnull=False)
    ids = Pick.objects.filter(with_result, status=Status.PUBLISHED).order_by("kickoff_at").values_list("pk", flat=True)
    settled = 0
    for pick_id in dict.fromkeys(ids[: 4 * most]):
        try:
            settled += _settle(pick_id, now=now)
        except Exception:
            log.exception("pick_not_settled", pick=str(pick_id))
    return settled


def _settle(pick_id: UUID, *, now: datetime) -> bool:
    pick = Pick.objects.select_related("fixture__merged_into").get(pk=pick_id)
    fixture = pick.fixture.merged_into or pick.fixture
    result = last_result(fixture)
    if result is None or pick.status != Status.PUBLISHED:
        return False
    grading = decide(market=pick.market, side=pick.side, line=pick.line, ending=_ending(result, fixture, now=now))
    if isinstance(grading, Held):
        if pick.held != grading.reason:
            Pick.objects.filter(pk=pick.pk, status=Status.PUBLISHED).update(held=grading.reason)
        return False
    settle_pick(
        pick_id=pick.pk,
        result=grading.result,
        now=now,
        rule=grading.rule,
        evidence={"result": result.pk, "winner": result.winner, "score": _score(result), "status": result.status},
        closing=closing_of(pick),
    )
    return True


def _ending(result: Result, fixture: Fixture, *, now: datetime) -> Ending:
    return Ending(
        sport=fixture.sport,
        status=result.status,
        winner=result.side,
        named=result.winner,
        tagged=result.tagged,
        home_score=result.home_score,
        away_score=result.away_score,
        hours_late=(now - fixture.kickoff_at).total_seconds() / 3_600 if fixture.kickoff_at else 0.0,
    )


def _score(result: Result) -> str:
    return "" if result.home_score is None else f"{result.home_score}-{result.away_score}"


def closing_of(pick: Pick) -> dict[str, Any]:
    """clv, closing_fair_odds and clv_missing of a pick, from its anchor's last quotes before the start.

    clv = odds x closing fair probability - 1, by the pick's own margin method. Null, with the reason, unless every
    side was open, not in play, and confirmed within ten minutes of the start.
    """
    if pick.origin != Origin.ENGINE:
        return {}
    start = start_of(pick.fixture)
    if start is None:
        return _no_close("the start is not known")
    sides: dict[str, float] = {}
    for quote in closing_quotes(fixture=pick.fixture, book=pick.anchor, start=start):
        side = quote.selection.side
        if not quote.is_open or quote.back_odds is None:
            return _no_close("the anchor had withdrawn its line")
        if quote.in_play or not quote.fresh:
            return _no_close("the anchor's last quote was in play or not live")
        confirmed = min(quote.confirmed_until or quote.selection.last_confirmed_at, start)
        if start - confirmed > CLOSE_MAX_AGE:
            return _no_close("the anchor's last quote was over ten minutes old")
        sides[side] = float(quote.back_odds)
    wanted = sides_of(pick.sport)
    if set(sides) != set(wanted):
        return _no_close("the anchor did not price every side")
    try:
        fair = dict(zip(wanted, fair_probabilities([sides[side] for side in wanted], pick.method), strict=True))
    except NoFairPrice as error:
        return _no_close(str(error))
    probability = fair[pick.side]
    return {
        "clv": Decimal(float(pick.odds) * probability - 1).quantize(Decimal("0.00000001")),
        "closing_fair_odds": Decimal(1 / probability).quantize(Decimal("0.00001")),
        "clv_missing": "",
    }


def _no_close(reason: str) -> dict[str, Any]:
    return {"clv": None, "closing_fair_odds": None, "clv_missing": reason[:120]}
