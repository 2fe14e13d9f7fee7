"""Subscriptions as a deliverer sees them: lanes. One deliverer at a time holds a lane, and takes from it what is due.

A lane that nobody lets go of is free again when its time is up; nothing else is left behind by a kill.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from apps.outbox.models import PUBLISHED, OutboxEvent
from apps.webhooks.sender import Attempted
from apps.webhooks.standing import OPENING_TIERS, SUBSCRIPTIONS, WHY

HOLD_SECONDS = 10.0
CAP = 8  # attempts under way at once in one lane that answers well; it begins with one
SLOW_MS = 1_000

CLAIM = """
UPDATE webhooks_subscription s SET held_until = %(until)s, holder = %(holder)s
FROM (
    SELECT id, key_id, CASE WHEN held_until >= due_at THEN held_until END AS last_turn FROM webhooks_subscription
    WHERE due_at <= %(now)s AND (held_until IS NULL OR held_until <= %(now)s) AND drags = %(dragging)s
      AND key_id NOT IN (SELECT id FROM access_apikey WHERE organization_id = ANY(%(full)s::uuid[]))
    ORDER BY last_turn NULLS FIRST, random()
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
) AS due
JOIN access_apikey k ON k.id = due.key_id
WHERE s.id = due.id RETURNING due.last_turn, random(), s.id, k.organization_id
"""
READ = f"""
SELECT s.id, s.url, s.expire_at_kickoff, s.sealed_secret, s.sealed_previous, s.previous_until, {WHY}
FROM {SUBSCRIPTIONS} WHERE s.id = ANY(%(ids)s::uuid[])
"""
# A delivery is free when no earlier one of its pick is pending. The smallest is asked for, since the planner would make
# a join of NOT EXISTS, over all that the lane has pending.
FREE = """coalesce((
    SELECT min(earlier.sequence) FROM webhooks_delivery earlier
    WHERE earlier.subscription_id = d.subscription_id AND earlier.subject_id = d.subject_id
      AND earlier.status = 'pending'
) >= d.sequence, true)"""
TAKE = f"""
SELECT d.id, d.subscription_id, d.created_at, d.event_id, d.event, d.sequence, d.body, d.kickoff_at,
       d.attempts + 1, d.failures
FROM unnest(%(ids)s::uuid[], %(rooms)s::int[]) AS lane (id, room)
CROSS JOIN LATERAL (
    SELECT * FROM webhooks_delivery d
    WHERE d.subscription_id = lane.id AND d.status = 'pending' AND d.due_at <= %(now)s
      AND d.id <> ALL(%(flying)s::uuid[]) AND {FREE}
    ORDER BY d.due_at, d.sequence LIMIT lane.room + 1
) AS d
"""
STALE = f"""d.subscription_id = s.id AND d.status = 'pending' AND d.event = '{PUBLISHED}'"""
EXPIRE = f"""
WITH s AS MATERIALIZED (
    SELECT id FROM webhooks_subscription WHERE id = ANY(%(ids)s::uuid[]) AND expire_at_kickoff
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE webhooks_delivery d SET status = 'expired', due_at = NULL FROM s
WHERE {STALE} AND d.kickoff_at <= %(now)s AND d.id <> ALL(%(flying)s::uuid[])
"""
OURS = "SELECT id FROM webhooks_subscription WHERE id = ANY(%(ids)s::uuid[]) AND holder = %(holder)s"
# What somebody else is changing just now is written with the next turn.
LOCK = f"{OURS} ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
WRITE = f"""
UPDATE webhooks_subscription s SET
    drags = lane.drags,
    last_delivery_at = greatest(s.last_delivery_at, lane.delivered_at),
    last_failed_at = coalesce(lane.failed_at, s.last_failed_at),
    last_failed_status = CASE WHEN lane.failed_at IS NULL THEN s.last_failed_status ELSE lane.failed_status END,
    last_failed_error = CASE WHEN lane.failed_at IS NULL THEN s.last_failed_error ELSE lane.failed_error END,
    held_until = CASE WHEN lane.left_alone THEN lane.last_turn ELSE %(until)s END,
    holder = CASE WHEN lane.left_alone THEN NULL ELSE s.holder END,
    due_at = CASE WHEN NOT lane.left_alone THEN s.due_at ELSE least(
        (
            SELECT d.due_at FROM webhooks_delivery d
            WHERE d.subscription_id = s.id AND d.status = 'pending' AND {FREE} ORDER BY d.due_at, d.sequence LIMIT 1
        ),
        CASE WHEN s.expire_at_kickoff THEN (SELECT min(d.kickoff_at) FROM webhooks_delivery d WHERE {STALE}) END
    ) END
FROM unnest(
    %(ids)s::uuid[], %(drags)s::bool[], %(delivered_at)s::timestamptz[], %(failed_at)s::timestamptz[],
    %(failed_status)s::int[], %(failed_error)s::text[], %(last_turn)s::timestamptz[], %(left_alone)s::bool[]
) AS lane (id, drags, delivered_at, failed_at, failed_status, failed_error, last_turn, left_alone)
WHERE s.id = lane.id
"""


@dataclass(slots=True)
class Lane:
    """A subscription in hand, of that organisation.

    flying: its deliveries that were given out and are not recorded. cap: how many those may be: one more for each that
    arrives quickly. more: something that was not taken may be due. last_turn: when it was given something, since it is
    due. why: the Reason for which it may not be sent to. good_until: when it may be somebody else's, on the monotonic
    clock. The last outcomes wait here until the lane is written down.
    """

    id: UUID
    organization_id: UUID
    drags: bool = False
    url: str = ""
    sealed_secret: str = ""
    sealed_previous: str = ""
    expires: bool = False
    why: str = ""
    flying: set[UUID] = field(default_factory=set)
    cap: int = 1
    more: bool = True
    last_turn: datetime | None = None
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
        self.drags = attempted.duration_ms > SLOW_MS
        self.cap = min(CAP, self.cap + 1) if attempted.delivered and not self.drags else 1


class Due(NamedTuple):
    """A delivery that is to be sent now, for the `number`-th time; it failed `failures` times since it was begun.

    url, sealed_secret, sealed_previous: as its lane has them now. expires_at: when it must not be sent any more.
    """

    lane: Lane
    id: UUID
    created_at: datetime
    event_id: UUID
    event: str
    body: bytes
    url: str
    sealed_secret: str
    sealed_previous: str
    expires_at: datetime | None
    number: int
    failures: int


def claim(*, holder: UUID, most: int, dragging: bool, full: Collection[UUID] = (), now: datetime) -> list[Lane]:
    """Take hold of lanes with something due that nobody holds: first those that had nothing sent since it was due, in
    random order, so that nobody is always the first; then those whose last turn is longest ago.

    dragging: those whose last attempt was slow, or else the others. full: organisations that get no more now.
    """
    if most <= 0:
        return []
    good_until, until = time.monotonic() + HOLD_SECONDS, now + timedelta(seconds=HOLD_SECONDS)
    asked: dict[str, Any] = {
        "now": now,
        "until": until,
        "holder": holder,
        "most": most,
        "dragging": dragging,
        "full": list(full),
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, asked)
        found = cursor.fetchall()
    found.sort(key=lambda row: (row[0] is not None, row[0] or row[1], row[1]))
    return [
        Lane(lane_id, organization_id, dragging, last_turn=last_turn, good_until=good_until)
        for last_turn, _, lane_id, organization_id in found
    ]


def read(lanes: Collection[Lane], *, now: datetime) -> None:
    """Learn what its owner says of each lane, which may have changed since the last look."""
    by_id = {lane.id: lane for lane in lanes}
    with connection.cursor() as cursor:
        cursor.execute(READ, {"ids": list(by_id), "now": now, "tiers": OPENING_TIERS})
        for lane_id, url, expires, sealed, sealed_previous, previous_until, why in cursor.fetchall():
            lane = by_id[lane_id]
            lane.url, lane.expires, lane.why, lane.sealed_secret = url, expires, why, sealed
            valid = previous_until is not None and previous_until > now
            lane.sealed_previous = sealed_previous if valid else ""


def take(lanes: Sequence[Lane], *, may: Callable[[Lane], bool], now: datetime) -> list[Due]:
    """What is due in these lanes, the first of them first, as far as each has room and `may` be given another."""
    by_id = {lane.id: lane for lane in lanes}
    flying = [each for lane in lanes for each in lane.flying]
    with connection.cursor() as cursor:
        if expiring := [lane.id for lane in lanes if lane.expires]:
            cursor.execute(EXPIRE, {"ids": expiring, "flying": flying, "now": now})
        rooms = [lane.room for lane in lanes]
        cursor.execute(TAKE, {"ids": list(by_id), "rooms": rooms, "flying": flying, "now": now})
        rows = cursor.fetchall()
    bodies = dict(OutboxEvent.objects.filter(sequence__in={row[5] for row in rows}).values_list("sequence", "body"))
    # From here on nothing is asked of the database: what is counted as flying is given out.
    for lane in lanes:
        lane.more = False
    order = {lane.id: place for place, lane in enumerate(lanes)}
    given = []
    for row in sorted(rows, key=lambda row: order[row[1]]):
        lane = by_id[row[1]]
        if lane.room and may(lane):
            lane.flying.add(row[0])
            lane.last_turn = now
            given.append(_due(lane, row, bodies))
        else:
            lane.more = True
    return given


def _due(lane: Lane, row: tuple[Any, ...], bodies: dict[int, str]) -> Due:
    delivery_id, _lane_id, created_at, event_id, event, sequence, body, kickoff_at, number, failures = row
    return Due(
        lane,
        delivery_id,
        created_at,
        event_id,
        event,
        (bodies[sequence] if body is None else body).encode(),
        lane.url,
        lane.sealed_secret,
        lane.sealed_previous,
        kickoff_at if lane.expires and event == PUBLISHED else None,
        number,
        failures,
    )


def write(lanes: Collection[Lane], *, holder: UUID, now: datetime) -> list[Lane]:
    """Write down what became of these lanes and hold on to those in use; gives those that are held no longer.

    A lane without a delivery in flight is left alone: it is due again when its next delivery is. One that somebody else
    holds by now is his.
    """
    good_until, until = time.monotonic() + HOLD_SECONDS, now + timedelta(seconds=HOLD_SECONDS)
    asked: dict[str, Any] = {"ids": [lane.id for lane in lanes], "holder": holder}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(OURS, asked)
        ours = {lane_id for (lane_id,) in cursor.fetchall()}
        cursor.execute(LOCK, asked)
        locked = {lane_id for (lane_id,) in cursor.fetchall()}
        written = [lane for lane in lanes if lane.id in locked]
        left_alone = [not lane.flying for lane in written]
        if written:
            cursor.execute(WRITE, {**_columns(written), "left_alone": left_alone, "until": until})
    for lane in written:
        lane.good_until = good_until
        lane.delivered_at = lane.failed_at = None
    gone = [lane for lane, left in zip(written, left_alone, strict=True) if left]
    return gone + [lane for lane in lanes if lane.id not in ours]


def _columns(lanes: Sequence[Lane]) -> dict[str, list[Any]]:
    return {
        "ids": [lane.id for lane in lanes],
        "drags": [lane.drags for lane in lanes],
        "delivered_at": [lane.delivered_at for lane in lanes],
        "failed_at": [lane.failed_at for lane in lanes],
        "failed_status": [lane.failed_status for lane in lanes],
        "failed_error": [lane.failed_error for lane in lanes],
        "last_turn": [lane.last_turn for lane in lanes],
    }
