"""What beat runs for picks; each task makes one call."""

from celery import shared_task
from django.utils import timezone

from apps.picks import counting, proposing, services, settling


@shared_task(name="picks.propose")
def propose() -> None:
    proposing.propose(now=timezone.now())


@shared_task(name="picks.publish_due")
def publish_due() -> None:
    services.publish_due(now=timezone.now())


@shared_task(name="picks.expire")
def expire() -> None:
    services.expire_picks(now=timezone.now())


@shared_task(name="picks.settle")
def settle() -> None:
    settling.settle_due(now=timezone.now())


@shared_task(name="picks.fold_counts")
def fold_counts() -> None:
    counting.fold_counts()
