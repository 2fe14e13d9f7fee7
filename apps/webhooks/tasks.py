"""What beat runs for webhooks; each task makes one call. `deliver` has a queue and a process of its own."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown
from django.utils import timezone

from apps.webhooks import mail, partitions
from apps.webhooks.deliverer import deliverer


@shared_task(name="webhooks.deliver")
def deliver() -> None:
    deliverer().wake()


@shared_task(name="webhooks.tell_owners")
def tell_owners() -> None:
    mail.tell_owners(now=timezone.now())


@shared_task(name="webhooks.keep_weeks")
def keep_weeks() -> None:
    partitions.keep_weeks(now=timezone.now())


@worker_ready.connect
def begin(sender: Any, **_signal: Any) -> None:
    """In the worker of that queue, without waiting for beat, which may be away."""
    if "deliver" in sender.app.amqp.queues.consume_from:
        deliverer().wake()


@worker_shutdown.connect
def end(**_signal: Any) -> None:
    """In every worker; those that never delivered have nothing to end."""
    deliverer().end()
