"""Reads of the log. Sequences are committed in their order: whoever has read n has read everything up to n."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from apps.outbox.models import TYPES, OutboxEvent, OutboxHead


class Told(NamedTuple):
    """What a reader is told of one event; `body` is the text that was fixed when it was written."""

    sequence: int
    type: str
    body: str


def last_sequence() -> int:
    """Of the newest event; 0 before the first."""
    return OutboxHead.objects.values_list("last_sequence", flat=True).first() or 0


def events_after(
    sequence: int, *, limit: int, until: int | None = None, types: Collection[str] | None = None
) -> list[Told]:
    """The next events, in their order, `limit` at most; `until`: up to that sequence; `types`: of these alone."""
    events = OutboxEvent.objects.filter(sequence__gt=sequence).order_by("sequence")
    if until is not None:
        events = events.filter(sequence__lte=until)
    if types is not None:
        events = events.filter(type__in=types)
    return [Told(*row) for row in events.values_list("sequence", "type", "body")[:limit]]


def first_told_after(sequence: int, *, types: Collection[str] = TYPES) -> datetime | None:
    """When the next event of these types was written; None where there is none yet."""
    events = OutboxEvent.objects.filter(sequence__gt=sequence, type__in=types).order_by("sequence")
    return events.values_list("created_at", flat=True).first()
