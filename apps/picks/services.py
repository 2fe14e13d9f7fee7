"""Every decision about a pick: publish, reject, edit, expire, settle. Each is one transaction, and leaves a trace."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from apps.core.errors import AppError
from apps.feed.models import Fixture
from apps.feed.models import Origin as FixtureOrigin
from apps.feed.services import enter_kickoff
from apps.outbox.services import emit
from apps.picks.announcement import announcement
from apps.picks.closing import closing_of
from apps.picks.grading import profit
from apps.picks.models import AutoPublish, Decision, MoveNotAllowed, Outcome, Pick, Settlement, Status
from apps.picks.proposing import follow_fixtures
from apps.picks.rollup import add_to_record, correct_record, counted
from apps.picks.standing import standing_edge

log = structlog.get_logger(__name__)
Person = User | None
MOST_REASON = 2_000
SLIP = timedelta(minutes=2)  # one false "in play" of the feed costs no pick


class NotPublishable(AppError):
    code = "pick_not_publishable"


class ReasonMissing(AppError):
    code = "reason_missing"


class NotBegun(AppError):
    code = "fixture_not_begun"


class TextRefused(AppError):
    code = "text_refused"


def published_key(pick_id: UUID) -> str:
    """The outbox key of a publication: told once for ever."""
    return f"pick.published:{pick_id}"


def settled_key(pick_id: UUID, number: int) -> str:
    """The outbox key of one settlement of a pick; a correction has the next number."""
    return f"pick.settled:{pick_id}:{number}"


@transaction.atomic
def publish_pick(
    *, pick_id: UUID, now: datetime, by: Person = None, reason: str = "", switch: AutoPublish | None = None
) -> Pick:
    """Let a reviewed pick out to customers, and announce it.

    The status and the outbox row commit together: nobody is told of a pick that was rolled back, and no published
    pick goes untold. Odds, edge and evidence are taken from the latest quotes and frozen. `reason` is needed where
    the edge no longer stands at them; the pick then goes out as it was reviewed. `switch`: publish only what it lets
    through at these quotes.
    NotPublishable or MoveNotAllowed with the sentence to show; Pick.DoesNotExist.
    """
    _must_be_keepable(reason)
    pick = _locked(pick_id)
    _must_be_in_review(pick)
    _check_start(pick.fixture, now=now)
    standing = standing_edge(pick, now)
    if not standing.stands and not reason.strip():
        raise NotPublishable(f"{pick.selection}: {standing.sentence} Give a reason to publish it all the same.")
    if standing.stands and standing.fields and not pick.analysis_edited:
        for name, value in standing.fields.items():
            setattr(pick, name, value)
    if switch is not None and not lets_through(switch, pick):
        raise NotPublishable(
            f"{pick.selection} is below the floors of the switch, or suspicious, at the latest quotes."
        )
    if not pick.analysis.strip():
        raise NotPublishable(f"{pick.selection} has no analysis text: write one first.")
    pick.kickoff_at = pick.fixture.kickoff_at
    pick.move_to(Status.PUBLISHED)
    pick.published_at = now
    pick.save()
    _note(pick, Decision.Action.APPROVED, by=by, at=now, reason=reason)
    # Last: the head of the outbox stays locked until the transaction ends.
    emit("pick.published", key=published_key(pick.pk), subject_id=pick.pk, payload=announcement(pick), at=now)
    return pick


@transaction.atomic
def reject_pick(*, pick_id: UUID, now: datetime, by: Person, reason: str) -> Pick:
    """Keep a pick from customers, for a reason that is kept. ReasonMissing, MoveNotAllowed, Pick.DoesNotExist."""
    _must_be_keepable(reason)
    if not reason.strip():
        raise ReasonMissing("Say why the pick is rejected.")
    pick = _locked(pick_id)
    _must_be_in_review(pick)
    pick.move_to(Status.REJECTED)
    pick.save(update_fields=["status"])
    _note(pick, Decision.Action.REJECTED, by=by, at=now, reason=reason)
    return pick


@transaction.atomic
def edit_analysis(*, pick_id: UUID, now: datetime, by: Person, text: str) -> Pick:
    """Replace the text of a pick in review. From then on its numbers no longer follow the prices."""
    if not text.strip():
        raise ReasonMissing("A pick needs an analysis text.")
    pick = _locked(pick_id)
    _must_be_in_review(pick)
    if text.strip() != pick.analysis.strip():
        pick.analysis, pick.analysis_at, pick.analysis_edited = text.strip(), now, True
        pick.save(update_fields=["analysis", "analysis_at", "analysis_edited"])
        _note(pick, Decision.Action.EDITED, by=by, at=now)
    return pick


@transaction.atomic
def enter_kickoff_of(*, pick_id: UUID, kickoff_at: datetime, now: datetime, by: Person) -> Pick:
    """Enter the start of a pick's fixture, which the feed does not show. AppError where the feed does."""
    pick = _locked(pick_id)
    _must_be_in_review(pick)
    pick.fixture = enter_kickoff(fixture_id=pick.fixture_id, kickoff_at=kickoff_at, now=now)
    pick.kickoff_at = pick.fixture.kickoff_at
    pick.save(update_fields=["kickoff_at"])
    _note(pick, Decision.Action.KICKOFF, by=by, at=now, reason=f"{kickoff_at:%Y-%m-%d %H:%M} UTC")
    return pick


@transaction.atomic
def expire_picks(*, now: datetime) -> int:
    """Picks that nobody decided on before the start; also those whose fixture is another's row now, or has no start and
    has not been listed for a day. Gives how many."""
    follow_fixtures()  # or a pick whose row has just gone into another would be taken for a left-over
    begun = Q(kickoff_at__lte=now) | Q(fixture__started_at__lte=now - SLIP) | Q(fixture__merged_into__isnull=False)
    begun |= Q(kickoff_at=None, fixture__last_seen_at__lt=now - timedelta(days=1))
    late = Pick.objects.select_for_update(skip_locked=True, of=("self",)).filter(begun, status=Status.REVIEW)
    ids = [pick.pk for pick in late.only("pk")]
    Pick.objects.filter(pk__in=ids).update(status=Status.EXPIRED)
    Decision.objects.bulk_create(
        [Decision(pick_id=pk, action=Decision.Action.EXPIRED, at=now, reason="It began unreviewed.") for pk in ids]
    )
    return len(ids)


def publish_due(*, now: datetime) -> int:
    """Publish what the switch lets through: above its floors, after its delay, never a suspicious pick."""
    published = 0
    named = list(AutoPublish.objects.values_list("sport", flat=True))
    for switch in AutoPublish.objects.filter(enabled=True):
        due = Pick.objects.filter(
            status=Status.REVIEW,
            suspicious=False,
            edge__gte=switch.min_edge_pct / 100,
            confidence__gte=switch.min_confidence,
            proposed_at__lte=now - timedelta(seconds=switch.delay_seconds),
            kickoff_at__gt=now,
        )
        # `*` speaks for the sports that have no row of their own, on or off.
        due = due.exclude(sport__in=named) if switch.sport == "*" else due.filter(sport=switch.sport)
        if switch.sandbox_only:
            due = due.filter(fixture__origin=FixtureOrigin.SANDBOX)
        for pick_id in list(due.order_by("kickoff_at").values_list("pk", flat=True)):
            try:
                publish_pick(pick_id=pick_id, now=now, switch=switch)
                published += 1
            except (NotPublishable, MoveNotAllowed) as error:
                log.info("not_published_automatically", pick=str(pick_id), reason=str(error))
            except Exception:  # one pick that cannot be published stops no other
                log.exception("not_published_automatically", pick=str(pick_id))
    return published


def lets_through(switch: AutoPublish, pick: Pick) -> bool:
    """Whether the floors of a switch let a pick out as its numbers are now; a suspicious one never."""
    enough = pick.edge >= switch.min_edge_pct / 100 and pick.confidence >= switch.min_confidence
    return enough and not pick.suspicious


@transaction.atomic
def settle_pick(
    *,
    pick_id: UUID,
    result: str,
    now: datetime,
    by: Person = None,
    reason: str = "",
    rule: str = "by_hand",
    evidence: dict[str, Any] | None = None,
) -> Settlement:
    """Grade a published pick, or correct a settled one; the record moves and the event is written with it.

    result: one of Outcome. The first settlement fixes the closing price, or why there is none.
    The same result again changes nothing and gives the settlement that stands. A correction needs a reason.
    MoveNotAllowed for a pick that is not out, NotBegun, ReasonMissing, AppError for an unknown result,
    Pick.DoesNotExist.
    """
    if result not in Outcome.values:
        raise AppError(f"{result!r} is no result; use {', '.join(Outcome.values)}.", code="unknown_result")
    _must_be_keepable(reason)
    pick = _locked(pick_id)
    last = pick.settlements.last()
    if last is not None and last.result == result:
        return last
    if result != Outcome.VOID and not (pick.fixture.merged_into or pick.fixture).may_have_begun(now):
        raise NotBegun(f"{pick.fixture} has not begun: before the start only void is possible.")
    if last is not None and not reason.strip():
        raise ReasonMissing(f"{pick.selection} is settled as {last.result}: say why that is wrong.")
    before = None if last is None else counted(pick)
    if last is None:
        pick.move_to(Status.SETTLED)
        pick.settled_at = now
        for name, value in closing_of(pick).items():
            setattr(pick, name, value)
    pick.result, pick.profit, pick.held = result, profit(result, pick.odds), ""
    pick.save()
    settlement = Settlement.objects.create(
        pick=pick,
        number=1 if last is None else last.number + 1,
        result=result,
        profit=pick.profit,
        rule=rule,
        evidence=evidence or {},
        by=by,
        reason=reason,
        at=now,
    )
    if by is not None or rule == "by_hand":
        _note(pick, Decision.Action.SETTLED, by=by, at=now, reason=f"{result}. {reason}".strip())
    if before is None:
        add_to_record([counted(pick)])
    else:
        correct_record(before=before, after=counted(pick))
    payload = announcement(pick) | ({} if before is None else {"correction": True})
    key = settled_key(pick.pk, settlement.number)
    emit("pick.settled", key=key, subject_id=pick.pk, payload=payload, at=now)
    return settlement


def _must_be_keepable(reason: str) -> None:
    if len(reason) > MOST_REASON or not "".join(reason.splitlines()).replace("\t", "").isprintable():
        raise TextRefused(f"A reason has at most {MOST_REASON} printable characters.")


def _locked(pick_id: UUID) -> Pick:
    return Pick.objects.select_for_update(of=("self",)).select_related("fixture").get(pk=pick_id)


def _must_be_in_review(pick: Pick) -> None:
    if pick.status == Status.REVIEW:
        return
    last = (
        pick.decisions.exclude(action__in=[Decision.Action.EDITED, Decision.Action.KICKOFF]).select_related("by").last()
    )
    told = f"{last.action} by {last.by or 'the system'} at {last.at:%H:%M:%S} UTC" if last else pick.status
    raise MoveNotAllowed(f"{pick.selection} is no longer in review: it was {told}.")


def _check_start(fixture: Fixture, *, now: datetime) -> None:
    if fixture.kickoff_at is None:
        raise NotPublishable(f"Enter the kick-off of {fixture} first: the feed does not show it.")
    if fixture.started_at is not None or now >= fixture.kickoff_at:
        began = fixture.started_at or fixture.kickoff_at
        raise NotPublishable(f"{fixture} began at {began:%H:%M:%S} UTC: it can no longer be published.")


def _note(pick: Pick, action: str, *, by: Person, at: datetime, reason: str = "") -> None:
    Decision.objects.create(pick=pick, action=action, by=by, at=at, reason=reason)
