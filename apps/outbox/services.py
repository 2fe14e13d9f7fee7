"""Append to the log. Call it last in the transaction that makes the change it tells of."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

from apps.core.times import rfc3339
from apps.outbox.models import OutboxEvent

# The head row is made by the first event; from then on it alone gives out the sequences.
ADVANCE = """
INSERT INTO outbox_outboxhead AS head (id, last_sequence)
SELECT 1, coalesce(max(sequence), 0) + %(count)s FROM outbox_outboxevent
ON CONFLICT (id) DO UPDATE SET last_sequence = head.last_sequence + %(count)s
RETURNING last_sequence
"""
BATCH = 2_000


class Happening(NamedTuple):
    """What one event tells: its type, the key that is told once, the pick it is about, and the pick's public shape."""

    event: str
    key: str
    subject_id: uuid.UUID
    payload: dict[str, Any]


def emit(event: str, *, key: str, subject_id: uuid.UUID, payload: dict[str, Any], at: datetime) -> OutboxEvent:
    """Write one event into the transaction that is under way; see emit_many."""
    return emit_many([Happening(event, key, subject_id, payload)], at=at)[0]


def emit_many(happenings: Sequence[Happening], *, at: datetime) -> list[OutboxEvent]:
    """Write events, in their order, into the transaction under way, and fix the bytes that readers will be sent.

    The head row stays locked until that transaction ends, so sequences are committed in their order and those of a
    rolled back one are given out again: a reader that has seen n has seen everything up to n. `at` is UTC.
    IntegrityError if a key was told before; ValueError for a number that JSON has no word for; RuntimeError outside a
    transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Events belong inside the transaction that makes the change.")
    if not happenings:
        return []
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, {"count": len(happenings)})
        (last,) = cursor.fetchone()
    first = last - len(happenings) + 1
    return OutboxEvent.objects.bulk_create(
        [_event(first + place, happening, at) for place, happening in enumerate(happenings)], batch_size=BATCH
    )


def _event(sequence: int, happening: Happening, at: datetime) -> OutboxEvent:
    event_id = uuid.uuid4()
    envelope = {
        "id": str(event_id),
        "event": happening.event,
        "created_at": rfc3339(at.astimezone(UTC)),
        "data": happening.payload,
    }
    return OutboxEvent(
        sequence=sequence,
        id=event_id,
        type=happening.event,
        key=happening.key,
        subject_id=happening.subject_id,
        body=json.dumps(envelope, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
        created_at=at,
    )
