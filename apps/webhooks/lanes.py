"""Subscriptions as a deliverer sees them: lanes. One deliverer at a time holds a lane, and takes from it what is due.

A lane that nobody lets go of is free again when its time is up; nothing else is left behind by a kill.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from apps.outbox.models import PUBLISHED, OutboxEvent
from apps.webhooks.sealing import unseal
from apps.webhooks.sender import Attempted
from apps.webhooks.standing import OPENING_TIERS, SUBSCRIPTIONS, WHY

HOLD_SECONDS = 10.0
CAP = 8  # attempts under way at once in one lane that answers well; it begins with one
SLOW_MS = 1_000

CLAIM = """
UPDATE webhooks_subscription s SET held_until = %(until)s, holder = %(holder)s
FROM (
    SELECT id FROM webhooks_subscription
    WHERE due_at <= %(now)s AND (held_until IS NULL OR held_until <= %(now)s) AND drags = %(dragging)s
    ORDER BY CASE WHEN held_until >= due_at THEN held_until END NULLS FIRST, random()
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
) AS due
WHERE s.id = due.id RETURNING s.id
"""
READ = f"""
SELECT s.id, s.url, s.expire_at_kickoff, s.sealed_secret, s.sealed_previous, s.previous_until, {WHY}
FROM {SUBSCRIPTIONS} WHERE s.id = ANY(%(ids)s::uuid[])
"""
# A delivery waits for the earlier ones of its pick.
WAITS = """EXISTS (
    SELECT 1 FROM webhooks_delivery earlier
    WHERE earlier.subscription_id = d.subscription_id AND earlier.subject_id = d.subject_id
      AND earlier.status = 'pending' AND earlier.sequence < d.sequence
)"""
TAKE = f"""
SELECT d.id, d.subscription_id, d.created_at, d.event_id, d.event, d.sequence, d.body, d.kickoff_at,
       d.attempts + 1, d.failures
FROM unnest(%(ids)s::uuid[], %(rooms)s::int[]) AS lane (id, room)
CROSS JOIN LATERAL (
    SELECT * FROM webhooks_delivery d
    WHERE d.subscription_id = lane.id AND d.status = 'pending' AND d.due_at <= %(now)s
      AND d.id <> ALL(%(flying)s::uuid[]) AND NOT {WAITS}
    ORDER BY d.due_at, d.sequence LIMIT lane.room + 1
) AS d
"""
HOLD = """
SELECT id FROM webhooks_subscription WHERE id = ANY(%(ids)s::uuid[]) AND holder = %(holder)s
ORDER BY id FOR NO KEY UPDATE
"""
WRITE = f"""
UPDATE webhooks_subscription s SET
    drags = lane.drags,
    last_delivery_at = greatest(s.last_delivery_at, lane.delivered_at),
    last_failed_at = coalesce(lane.failed_at, s.last_failed_at),
    last_failed_status = CASE WHEN lane.failed_at IS NULL THEN s.last_failed_status ELSE lane.failed_status END,
    last_failed_error = CASE WHEN lane.failed_at IS NULL THEN s.last_failed_error ELSE lane.failed_error END,
    held_until = CASE WHEN lane.left_alone THEN %(now)s ELSE %(until)s END,
    holder = CASE WHEN lane.left_alone THEN NULL ELSE s.holder END,
    due_at = CASE WHEN NOT lane.left_alone THEN s.due_at ELSE (
        SELECT d.due_at FROM webhooks_delivery d
        WHERE d.subscription_id = s.id AND d.status = 'pending' AND NOT {WAITS} ORDER BY d.due_at LIMIT 1
    ) END
FROM unnest(
    %(ids)s::uuid[], %(drags)s::bool[], %(delivered_at)s::timestamptz[], %(failed_at)s::timestamptz[],
    %(failed_status)s::int[], %(failed_error)s::text[], %(left_alone)s::bool[]
) AS lane (id, drags, delivered_at, failed_at, failed_status, failed_error, left_alone)
WHERE s.id = lane.id
"""


@dataclass(slots=True)
class Lane:
    """A subscription in hand.

    flying: its deliveries that were given out and are not recorded. cap: how many those may be: one more for each that
    arrives quickly. more: something that was not taken may be due. why: the Reason for which it may not be sent to.
    good_until: when it may be somebody else's, on the monotonic clock. The last outcomes wait here until the lane is
    written down.
    """

    id: UUID
    url: str = ""
    secret: str = ""
    previous: str | None = None
    expires: bool = False
    drags: bool = False
    why: str = ""
    flying: set[UUID] = field(default_factory=set)
    cap: int = 1
    more: bool = True
    good_until: float = 0.0
    delivered_at: datetime | None = None
    failed_at: datetime | None = None
    failed_status: int | None = None
    failed_error: str = ""

    @property
    def room(self) -> int:
        return max(0, self.cap - len(self.flying))

    def note(self, attempted: Attempted, *, ended_at: datetime) -> None:
        """Remember how its receiver did, by which it gets more threads or fewer."""
        if attempted.delivered:
            self.delivered_at = ended_at
        else:
            self.failed_at, self.failed_status, self.failed_error = ended_at, attempted.status_code, attempted.error
        self.drags = not attempted.delivered or attempted.duration_ms > SLOW_MS
        self.cap = 1 if self.drags else min(CAP, self.cap + 1)

    def keep(self) -> None:
        """It is ours for another HOLD_SECONDS."""
        self.good_until = time.monotonic() + HOLD_SECONDS


class Due(NamedTuple):
    """A delivery that is to be sent now, for the `number`-th time; it failed `failures` times since it was begun.

    expires_at: from when on it must not be sent any more.
    """

    lane: Lane
    id: UUID
    created_at: datetime
    event_id: UUID
    event: str
    body: bytes
    expires_at: datetime | None
    number: int
    failures: int


def claim(*, holder: UUID, most: int, dragging: bool, now: datetime) -> list[Lane]:
    """Take hold of lanes with something due that nobody holds: first those that had nothing sent since it was due, in
    random order, so that nobody is always the first; then those whose last turn is longest ago.

    dragging: those whose last attempt failed or was slow, or else the others.
    """
    if most <= 0:
        return []
    until = now + timedelta(seconds=HOLD_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "until": until, "holder": holder, "most": most, "dragging": dragging})
        lanes = [Lane(lane_id, drags=dragging) for (lane_id,) in cursor.fetchall()]
    for lane in lanes:
        lane.keep()
    return lanes


def read(lanes: Collection[Lane], *, now: datetime) -> None:
    """Learn what its owner says of each lane, which may have changed since the last look."""
    by_id = {lane.id: lane for lane in lanes}
    with connection.cursor() as cursor:
        cursor.execute(READ, {"ids": list(by_id), "now": now, "tiers": OPENING_TIERS})
        for lane_id, url, expires, sealed, sealed_previous, previous_until, why in cursor.fetchall():
            lane = by_id[lane_id]
            lane.url, lane.expires, lane.why = url, expires, why
            lane.secret = unseal(sealed) if sealed else ""
            valid = previous_until is not None and previous_until > now
            lane.previous = unseal(sealed_previous) if valid else None


def take(lanes: Sequence[Lane], *, most: int, now: datetime) -> list[Due]:
    """What is due in these lanes, as far as each has room, `most` in all; the first of them come first."""
    by_id = {lane.id: lane for lane in lanes}
    rooms = [lane.room for lane in lanes]
    flying = [each for lane in lanes for each in lane.flying]
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"ids": list(by_id), "rooms": rooms, "flying": flying, "now": now})
        rows = cursor.fetchall()
    for lane in lanes:
        lane.more = False
    taken: list[tuple[Any, ...]] = []
    for row in rows:
        lane = by_id[row[1]]
        if lane.room and len(taken) < most:
            lane.flying.add(row[0])
            taken.append(row)
        else:
            lane.more = True
    return _given(taken, by_id)


def _given(rows: Sequence[Any], by_id: dict[UUID, Lane]) -> list[Due]:
    bodies = dict(OutboxEvent.objects.filter(sequence__in={row[5] for row in rows}).values_list("sequence", "body"))
    given = []
    for delivery_id, lane_id, created_at, event_id, event, sequence, body, kickoff_at, number, failures in rows:
        lane = by_id[lane_id]
        text = bodies[sequence] if body is None else body
        expires_at = kickoff_at if lane.expires and event == PUBLISHED else None
        given.append(Due(lane, delivery_id, created_at, event_id, event, text.encode(), expires_at, number, failures))
    return given


def write(lanes: Collection[Lane], *, holder: UUID, now: datetime) -> list[Lane]:
    """Write down what became of these lanes and hold on to those in use; gives those that are held no longer.

    A lane without a delivery in flight is left alone: it is due again when its next delivery is. One that somebody else
    holds by now is his.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HOLD, {"ids": [lane.id for lane in lanes], "holder": holder})
        ours = {lane_id for (lane_id,) in cursor.fetchall()}
        kept = [lane for lane in lanes if lane.id in ours]
        left_alone = [not lane.flying for lane in kept]
        if kept:
            until = now + timedelta(seconds=HOLD_SECONDS)
            cursor.execute(WRITE, {**_columns(kept), "left_alone": left_alone, "now": now, "until": until})
    for lane in kept:
        lane.keep()
        lane.delivered_at = lane.failed_at = None
    going_on = {lane.id for lane, left in zip(kept, left_alone, strict=True) if not left}
    return [lane for lane in lanes if lane.id not in going_on]


def _columns(lanes: Sequence[Lane]) -> dict[str, list[Any]]:
    return {
        "ids": [lane.id for lane in lanes],
        "drags": [lane.drags for lane in lanes],
        "delivered_at": [lane.delivered_at for lane in lanes],
        "failed_at": [lane.failed_at for lane in lanes],
        "failed_status": [lane.failed_status for lane in lanes],
        "failed_error": [lane.failed_error for lane in lanes],
    }
