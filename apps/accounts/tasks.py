"""What beat runs for accounts; each task makes one call."""

from celery import shared_task
from django.utils import timezone

from apps.accounts import mail, sessions


@shared_task(name="accounts.send_mail")
def send_mail() -> None:
    mail.send_due(now=timezone.now())


@shared_task(name="accounts.forget_sessions")
def forget_sessions() -> None:
    sessions.forget_sessions()
