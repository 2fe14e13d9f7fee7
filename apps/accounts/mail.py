"""Mail waits in the database until the mail server has taken it: no page waits for that, and nothing is lost."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import OutgoingMail

PAUSES = [timedelta(minutes=minutes) for minutes in (1, 1, 2, 5)]  # before each next try; the last again and again
LONGEST = timedelta(days=1)  # then it is given up
TURN_SECONDS = 10.0  # no message is begun after so long
FOR_GOOD = 500  # a mail server's answer from here on stays the same
_sending = threading.Lock()  # a mail server that hangs holds one thread of a process, not all

log = structlog.get_logger(__name__)


class QueuedBackend(BaseEmailBackend):
    """EMAIL_BACKEND: a row for each person a message goes to; `send_due` sends it. Plain text only."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were queued; ValueError for one with an attachment or in HTML, BadHeaderError as usual."""
        now = timezone.now()
        rows = [row for message in email_messages for row in _rows(message, now)]
        OutgoingMail.objects.bulk_create(rows)
        return len(email_messages)


def _rows(message: EmailMessage, now: datetime) -> list[OutgoingMail]:
    if message.attachments or getattr(message, "alternatives", None) or message.content_subtype != "plain":
        raise ValueError("Only plain text is queued; send attachments and HTML otherwise.")
    message.message()  # what cannot be written as a mail is told to who made it, not found out later
    fields = {"sender": message.from_email, "subject": message.subject, "text": message.body}
    return [OutgoingMail(to=to, made_at=now, due_at=now, **fields) for to in message.recipients()]


def send_due(*, now: datetime) -> int:
    """Send what is due; how many the mail server took. One that fails holds up no other, and is tried for a day."""
    if not _sending.acquire(blocking=False):
        return 0
    server = get_connection(settings.MAIL_SENDER)
    try:
        return _send_for_a_while(server, now=now)
    finally:
        server.close()
        _sending.release()


def _send_for_a_while(server: Any, *, now: datetime) -> int:
    sent, ends = 0, time.monotonic() + TURN_SECONDS
    while time.monotonic() < ends and (mail := _claim(now=now)):
        try:
            server.open()
        except Exception as error:
            _failed(mail, error, now=now)
            break  # nor would it take the others
        try:
            server.send_messages([EmailMessage(mail.subject, mail.text, mail.sender, [mail.to])])
        except Exception as error:
            _failed(mail, error, now=now)
            server.close()  # whatever state it is in
        else:
            mail.delete()
            sent += 1
    return sent


@transaction.atomic
def _claim(*, now: datetime) -> OutgoingMail | None:
    """The one that is due longest, put off: nobody else takes it meanwhile, nor is it lost if we are killed."""
    due = OutgoingMail.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    mail = due.select_for_update(skip_locked=True).first()
    if mail:
        mail.due_at = now + PAUSES[min(mail.tries, len(PAUSES) - 1)]
        mail.tries += 1
        mail.save(update_fields=["due_at", "tries"])
    return mail


def _failed(mail: OutgoingMail, error: Exception, *, now: datetime) -> None:
    """Neither text nor address stand in the log."""
    told = {"mail": mail.pk, "subject": mail.subject, "tries": mail.tries, "error": type(error).__name__}
    if now - mail.made_at >= LONGEST or _refused_for_good(error):
        mail.delete()
        log.error("mail given up", **told)
    else:
        log.warning("mail not sent, tried again later", **told)


def _refused_for_good(error: Exception) -> bool:
    return isinstance(error, SMTPRecipientsRefused) and all(
        code >= FOR_GOOD for code, _said in error.recipients.values()
    )
