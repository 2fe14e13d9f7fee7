"""What beat runs for the feed; each task makes one call."""

from celery import shared_task
from django.utils import timezone

from apps.feed import polls, services


@shared_task(name="feed.poll")
def poll() -> None:
    services.mark_tick(now=timezone.now())
    for name in polls.claim_due(now=timezone.now()):
        run_poll.apply_async(args=(name,), expires=30)


@shared_task(name="feed.run_poll")
def run_poll(name: str) -> None:
    polls.run(name)


@shared_task(name="feed.refresh_odds")
def refresh_odds() -> None:
    services.refresh_due_odds(now=timezone.now())


@shared_task(name="feed.ask_results")
def ask_results() -> None:
    services.ask_due_results(now=timezone.now())
