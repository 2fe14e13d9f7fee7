"""What beat runs for access; each task makes one call."""

from celery import shared_task
from django.utils import timezone

from apps.access import draining, retention


@shared_task(name="access.drain_usage")
def drain_usage() -> None:
    draining.drain()


@shared_task(name="access.forget_usage")
def forget_usage() -> None:
    retention.forget_usage(now=timezone.now())
