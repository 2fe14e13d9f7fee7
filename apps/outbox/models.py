"""The one log of what happened to picks, in the order it was committed. Rows are added, never changed."""

import uuid

from django.db import models

from apps.core.errors import AppError

PUBLISHED, SETTLED = TYPES = ("pick.published", "pick.settled")  # every type of event that there is


class InvalidEvents(AppError):
    """Somebody named an event that there is not. both: how two are named."""

    code = "invalid_events"

    def __init__(self, *, both: str = "or both") -> None:
        super().__init__(f"events: Name {' or '.join(TYPES)}, {both}.", allowed=list(TYPES))


class OutboxHead(models.Model):
    """The last sequence given out: one row, locked by whoever appends until its transaction ends."""

    last_sequence = models.BigIntegerField(default=0)


class OutboxEvent(models.Model):
    """One thing that happened; `body` is the bytes every reader of this event is sent.

    `key` names the happening itself (type, pick, revision), so that the database refuses to tell it twice.
    """

    sequence = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    type = models.CharField(max_length=32)
    key = models.CharField(max_length=120, unique=True)
    subject_id = models.UUIDField(db_index=True, help_text="The pick it is about.")
    body = models.TextField(help_text="JSON; the exact text that is signed and sent.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"#{self.sequence} {self.type}"
