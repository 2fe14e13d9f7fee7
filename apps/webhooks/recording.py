"""Write down what became of deliveries: each attempt, where its delivery stands now, and which subscriptions stop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from apps.webhooks.lanes import Due
from apps.webhooks.models import Reason, Standing, State, Subscription
from apps.webhooks.partitions import make_weeks
from apps.webhooks.schedule import next_attempt
from apps.webhooks.sender import Attempted
from apps.webhooks.standing import cancel_stopped

ATTEMPTS = """
INSERT INTO webhooks_attempt (delivery_id, number, at, address, status_code, duration_ms, error, response_body)
SELECT * FROM unnest(
    %(ids)s::uuid[], %(numbers)s::int[], %(began_at)s::timestamptz[], %(addresses)s::inet[], %(status_codes)s::int[],
    %(durations)s::int[], %(errors)s::text[], %(bodies)s::text[]
)
ON CONFLICT DO NOTHING
"""
# What was cancelled, asked for anew, or tried by somebody else since it was taken is not decided here any more; but
# what arrived has arrived.
DELIVERIES = """
UPDATE webhooks_delivery d SET
    status = became.status, reason = became.reason, due_at = became.due_at, delivered_at = became.delivered_at,
    failures = became.failures, attempts = greatest(d.attempts, became.attempts)
FROM unnest(
    %(ids)s::uuid[], %(created_at)s::timestamptz[], %(attempts_before)s::int[], %(failures_before)s::int[],
    %(attempts)s::int[], %(failures)s::int[], %(statuses)s::text[], %(reasons)s::text[], %(due_at)s::timestamptz[],
    %(delivered_at)s::timestamptz[]
) AS became (
    id, created_at, attempts_before, failures_before, attempts, failures, status, reason, due_at, delivered_at
)
WHERE d.id = became.id AND d.created_at = became.created_at AND (
    became.status = 'delivered' AND d.status <> 'delivered'
    OR d.status = 'pending' AND d.attempts = became.attempts_before AND d.failures = became.failures_before
)
RETURNING d.id
"""
COUNTED = """
UPDATE webhooks_delivery d SET attempts = greatest(d.attempts, tried.attempts)
FROM unnest(%(ids)s::uuid[], %(created_at)s::timestamptz[], %(attempts)s::int[]) AS tried (id, created_at, attempts)
WHERE d.id = tried.id AND d.created_at = tried.created_at
"""
LOOK_AGAIN = """
UPDATE webhooks_subscription SET due_at = least(due_at, %(now)s) WHERE id = ANY(%(ids)s::uuid[])
"""


@dataclass(slots=True)
class Outcome:
    """What became of a delivery. at: when its attempt began. attempted: None where kick-off came first (`expired`),
    or where its lane was held no longer: then nothing is to be written.
    """

    due: Due
    at: datetime
    attempted: Attempted | None = None
    expired: bool = False


class Became(NamedTuple):
    """Where a delivery stands after an outcome; `stops`: what its subscription becomes by it."""

    status: State
    failures: int
    reason: Reason = Reason.NONE
    due_at: datetime | None = None
    delivered_at: datetime | None = None
    stops: Standing | None = None


def ended_at(outcome: Outcome) -> datetime:
    """When the attempt ended."""
    return outcome.at + timedelta(milliseconds=outcome.attempted.duration_ms if outcome.attempted else 0)


def became(outcome: Outcome, *, url: str, jitter: float, now: datetime) -> Became:
    """What the contract says of an outcome: delivered, to be tried again, or at its end.

    url: the subscription's by now; what another one answered says nothing of it. jitter: see next_attempt.
    """
    due, attempted = outcome.due, outcome.attempted
    if attempted is None:
        return Became(State.EXPIRED, due.failures)
    if attempted.delivered:
        return Became(State.DELIVERED, 0, delivered_at=ended_at(outcome))
    if due.url != url:
        return Became(State.PENDING, due.failures, due_at=now)
    failures = due.failures + 1
    if attempted.gone:
        return Became(State.FAILED, failures, Reason.GONE, stops=Standing.PAUSED)
    waits = attempted.retry_after
    again = next_attempt(
        failures=failures,
        began_at=outcome.at,
        delays=settings.WEBHOOK_RETRY_SECONDS,
        jitter=jitter,
        asked_to_wait=None if waits is None else attempted.duration_ms / 1000 + waits,
    )
    if again is None:
        return Became(State.FAILED, failures, Reason.EXHAUSTED, stops=Standing.EXHAUSTED)
    return Became(State.PENDING, failures, due_at=again)


def record(outcomes: Sequence[Outcome], *, holder: UUID, jitter: Callable[[], float], now: datetime) -> list[Outcome]:
    """Write down what came of these deliveries, in one transaction, and tell their lanes.

    An attempt is written whatever became of its delivery meanwhile. A subscription that stops takes all that it has
    pending with it. holder: who had the lanes when these were sent, and may have lost them since. Gives back the
    outcomes whose subscription somebody is changing just now: they are for a later turn.
    """
    lanes = {outcome.due.lane.id for outcome in outcomes}
    with transaction.atomic():
        # Whoever changes a delivery holds its subscription, and nobody waits for one: see standing.CANCEL.
        free = Subscription.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=lanes)
        found = list(free.order_by("pk").values_list("pk", "url", "holder"))
        urls = {lane_id: url for lane_id, url, _holder in found}
        ready = [outcome for outcome in outcomes if outcome.due.lane.id in urls]
        told = [
            (outcome, became(outcome, url=urls[outcome.due.lane.id], jitter=jitter(), now=now))
            for outcome in ready
            if outcome.attempted or outcome.expired
        ]
        _write_attempts([outcome for outcome in ready if outcome.attempted])
        decided = _write_deliveries(told)
        _stop([each for each in told if each[0].due.id in decided], now=now)
        # What it decides may free another delivery: whoever has the lane by now looks at it again.
        _execute(LOOK_AGAIN, ids=[lane_id for lane_id, _url, who in found if who != holder], now=now)
    for outcome in ready:
        _tell(outcome)
    return [outcome for outcome in outcomes if outcome.due.lane.id not in urls]


def _write_attempts(outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    make_weeks(outcome.at for outcome in outcomes)
    made = [outcome.attempted or Attempted() for outcome in outcomes]
    _execute(
        ATTEMPTS,
        ids=[outcome.due.id for outcome in outcomes],
        numbers=[outcome.due.number for outcome in outcomes],
        began_at=[outcome.at for outcome in outcomes],
        addresses=[each.address for each in made],
        status_codes=[each.status_code for each in made],
        durations=[each.duration_ms for each in made],
        errors=[each.error for each in made],
        bodies=[each.response_body for each in made],
    )


def _write_deliveries(told: Sequence[tuple[Outcome, Became]]) -> set[UUID]:
    """The ids of those that now stand so."""
    if not told:
        return set()
    outcomes, now_stand = [outcome for outcome, _ in told], [stand for _, stand in told]
    attempts = [outcome.due.number - outcome.expired for outcome in outcomes]
    ids = [outcome.due.id for outcome in outcomes]
    created_at = [outcome.due.created_at for outcome in outcomes]
    written = _execute(
        DELIVERIES,
        ids=ids,
        created_at=created_at,
        attempts_before=[outcome.due.number - 1 for outcome in outcomes],
        failures_before=[outcome.due.failures for outcome in outcomes],
        attempts=attempts,
        failures=[stand.failures for stand in now_stand],
        statuses=[str(stand.status) for stand in now_stand],
        reasons=[str(stand.reason) for stand in now_stand],
        due_at=[stand.due_at for stand in now_stand],
        delivered_at=[stand.delivered_at for stand in now_stand],
    )
    decided = {delivery_id for (delivery_id,) in written}
    if len(decided) < len(ids):
        _execute(COUNTED, ids=ids, created_at=created_at, attempts=attempts)
    return decided


def _stop(told: Sequence[tuple[Outcome, Became]], *, now: datetime) -> None:
    """Stop the subscriptions that these outcomes stop, and what they have pending."""
    stops = {outcome.due.lane.id: stand.stops for outcome, stand in told if stand.stops}
    for lane_id, standing in stops.items():
        mail = {"mail_due_at": now} if standing == Standing.EXHAUSTED else {}
        active = Subscription.objects.filter(pk=lane_id, status=Standing.ACTIVE)
        active.update(status=standing, stopped_at=now, **mail)
    if stops:
        cancel_stopped(now=now, only=stops)


def _tell(outcome: Outcome) -> None:
    """The lane's own account of how its receiver does."""
    lane = outcome.due.lane
    lane.flying.discard(outcome.due.id)
    if outcome.attempted is not None:
        lane.note(outcome.attempted, ended_at=ended_at(outcome))


def _execute(statement: str, **columns: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)
        return cursor.fetchall() if cursor.description else []
