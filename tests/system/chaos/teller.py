"""Publishes and settles picks at their times, through the product's own services, and may be killed at any moment.

Runs in a process that Django is set up in. What a killed one has committed is done; the next does all the rest.
"""

import signal
import threading
import time

from django.utils import timezone

from apps.picks.models import Outcome, Pick, Status
from apps.picks.services import publish_pick, settle_pick
from tests.system.chaos.plan import Happening, happenings


def tell(*, seed: int, picks: int, seconds: float, began: float) -> None:
    """Do what is planned from `began` on, a Unix time; stays when it is done, to be stopped like the others."""
    for happening in happenings(seed, picks, seconds):
        wait_until(began + happening.at)
        do(happening)
    signal.pause()


def do(happening: Happening) -> None:
    """See that it has happened: once, whoever did it."""
    status = Pick.objects.values_list("status", flat=True).get(pk=happening.pick_id)
    if happening.kind == "publish" and status == Status.REVIEW:
        publish_pick(pick_id=happening.pick_id, now=timezone.now())
    elif happening.kind == "settle" and status == Status.PUBLISHED:
        settle_pick(pick_id=happening.pick_id, result=Outcome.VOID, now=timezone.now())


def wait_until(moment: float) -> None:
    threading.Event().wait(max(0.0, moment - time.time()))
