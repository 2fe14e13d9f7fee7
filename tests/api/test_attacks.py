"""What one tenant may try over the API so that others, or we, have less."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections

from apps.webhooks.models import State, Subscription
from tests.api.tenants import Tenant
from tests.streams import until as eventually
from tests.webhooks.conftest import HOST, URL
from tests.webhooks.receivers import OK
from tests.webhooks.rows import delivery_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis", "names")]
AT = datetime(2026, 5, 25, 15, tzinfo=UTC)
MANY = 2_000


def test_a_delivery_that_was_asked_for_again_and_again_is_still_a_page() -> None:
    """One key may ask for it a thousand times an hour, and each attempt keeps 2 KiB of the receiver's answer."""
    tenant = Tenant()
    made = tenant.subscribe()
    delivery = delivery_of(Subscription.objects.get(), at=AT, status=State.DELIVERED, attempts=MANY)
    path = f"/webhooks/{made['subscription_id']}/deliveries"
    (logged,) = tenant.ask("GET", path).json()["data"]
    assert len(logged["attempts"]) < MANY
    assert logged["attempts"][-1]["number"] == MANY
    again = tenant.ask("POST", f"{path}/{delivery.pk}/redeliver").json()
    assert len(again["attempts"]) < MANY


def test_a_receiver_that_hangs_does_not_keep_others_from_their_tests(receivers, sender_to, monkeypatch) -> None:
    let_go = threading.Event()

    def behave(connection: Any, request: Any) -> None:
        if "/hang" in request.line:
            let_go.wait(30)
        OK(connection, request)

    receiver = receivers(behave)
    sender = sender_to(receiver, deadline=60.0)
    monkeypatch.setattr("apps.webhooks.services.sender", lambda: sender)
    hostile, other = Tenant(), Tenant()
    hanging = hostile.subscribe(f"https://{HOST}:8443/hang")["subscription_id"]
    healthy = other.subscribe(URL)["subscription_id"]

    def test_it() -> None:
        hostile.ask("POST", f"/webhooks/{hanging}/test")
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(test_it)
        try:
            eventually(lambda: bool(receiver.requests))
            answer = other.ask("POST", f"/webhooks/{healthy}/test")
        finally:
            let_go.set()
    assert answer.status_code == 200, answer.content
