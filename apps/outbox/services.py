"""Append to the log. Call it last in the transaction that makes the change it tells of."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from apps.core.times import rfc3339
from apps.outbox.models import OutboxEvent

# The head row is made by the first event; from then on it alone gives out the sequences.
NEXT = """
INSERT INTO outbox_outboxhead AS head (id, last_sequence)
SELECT 1, coalesce(max(sequence), 0) + 1 FROM outbox_outboxevent
ON CONFLICT (id) DO UPDATE SET last_sequence = head.last_sequence + 1
RETURNING last_sequence
"""


def emit(event: str, *, key: str, subject_id: uuid.UUID, payload: dict[str, Any], at: datetime) -> OutboxEvent:
    """Write one event into the transaction that is under way, and fix the bytes that readers will be sent.

    The head row stays locked until that transaction ends, so sequences are committed in their order and a rolled
    back one is given out again: a reader that has seen n has seen everything up to n. `at` is UTC.
    IntegrityError if `key` was told before; RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("emit() belongs inside the transaction that makes the change.")
    with connection.cursor() as cursor:
        cursor.execute(NEXT)
        (sequence,) = cursor.fetchone()
    event_id = uuid.uuid4()
    envelope = {"id": str(event_id), "event": event, "created_at": rfc3339(at.astimezone(UTC)), "data": payload}
    return OutboxEvent.objects.create(
        sequence=sequence,
        id=event_id,
        type=event,
        key=key,
        subject_id=subject_id,
        body=json.dumps(envelope, ensure_ascii=False, separators=(",", ":")),
        created_at=at,
    )
