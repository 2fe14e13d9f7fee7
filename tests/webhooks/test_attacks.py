"""What one tenant, or one bad row, may try against the deliveries of all others."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from apps.webhooks import deliverer as module
from apps.webhooks import services
from apps.webhooks.deliverer import Deliverer
from apps.webhooks.guard import Guard
from apps.webhooks.models import Delivery
from apps.webhooks.services import Busy, enable_subscription
from tests.factories import ApiKeyFactory
from tests.streams import until as eventually
from tests.webhooks.conftest import HOST
from tests.webhooks.delivering import BEGAN, Delivering, only, subscribed, told
from tests.webhooks.receivers import OK, Request, hanging

pytestmark = pytest.mark.django_db(transaction=True)
CREW = 8


@pytest.fixture
def few() -> Iterator[Deliverer]:
    """A deliverer with threads, of which there are few."""
    with override_settings(DELIVER_THREADS=CREW):
        deliverer = Deliverer()
    yield deliverer
    deliverer.end(seconds=15)


def test_a_secret_that_no_key_opens_stops_no_other_subscription(post, clock) -> None:
    broken = subscribed("https://hooks.example.test/broken", now=BEGAN)
    well = subscribed("https://hooks.example.test/well", now=BEGAN)
    broken.sealed_secret = "sealed with a key that was taken away"
    broken.save()
    told(at=BEGAN)
    delivering = Delivering(post, clock)
    for _ in range(3):
        try:
            delivering.deliverer.turn()
        except Exception as error:  # as `_go_on` does, which logs it and turns again
            last = error
        else:
            last = None
    assert only(well).status == "delivered", last


def test_one_organisation_never_has_the_whole_crew(receivers, sender_to, few, monkeypatch) -> None:
    def behave(tls: Any, request: Request) -> None:
        (hanging if "/hang" in request.line else OK)(tls, request)

    receiver = receivers(behave)
    sender = sender_to(receiver, deadline=60.0)
    monkeypatch.setattr(module, "sender", lambda: sender)
    key = ApiKeyFactory(tier="growth")
    for number in range(2 * CREW):
        subscribed(f"https://{HOST}:8443/hang/{number}", key=key, now=timezone.now())
    few.wake()
    told(at=timezone.now())
    eventually(lambda: len(receiver.requests) == CREW // 4)
    other = subscribed(f"https://{HOST}:8443/ok", now=timezone.now(), begins_after=1)
    told(at=timezone.now())
    try:
        eventually(lambda: Delivery.objects.filter(subscription=other, status="delivered").exists(), seconds=10)
    finally:
        receiver.close()


def test_switching_on_what_is_on_does_not_make_a_dragging_one_quick() -> None:
    subscription = subscribed(now=BEGAN, drags=True)
    enable_subscription(subscription_id=subscription.pk, now=BEGAN)
    subscription.refresh_from_db()
    assert subscription.drags


def test_whoever_finds_both_look_ups_taken_is_refused_without_waiting(monkeypatch) -> None:
    """He waits in a thread that serves requests: four of them waiting are a web process that answers nobody."""
    taken, let_go = threading.Semaphore(0), threading.Event()

    def slow(_host: str, _port: int, _seconds: float) -> list[str]:
        taken.release()
        let_go.wait(30)
        return ["93.184.215.14"]

    monkeypatch.setattr(services, "guard", lambda: Guard(look_up=slow))
    refused = threading.Event()

    def third() -> None:
        try:
            services._compared("https://c.example.com/")
        except Busy:
            refused.set()

    both = [threading.Thread(target=services._compared, args=[f"https://{name}.example.com/"]) for name in "ab"]
    for thread in both:
        thread.start()
    for _ in both:
        assert taken.acquire(timeout=10)
    late = threading.Thread(target=third)
    late.start()
    try:
        assert refused.wait(5), "it waits for a look-up to end"
    finally:
        let_go.set()
        for thread in (*both, late):
            thread.join()
