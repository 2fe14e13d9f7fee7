"""The product's own side of the webhooks' rows, in a process of its own: subscriptions, publications, peers' work."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from bench.product import PICK, fill, serve, tell

THREADS = 32


def subscribe(beneath: str, count: int) -> None:
    """So many URLs beneath one, five a key, as many as a key may have, and each key another customer's."""
    from django.utils import timezone

    from apps.access.services import create_key
    from apps.accounts.services import organization_on_tier
    from apps.core.sealing import seal
    from apps.outbox.models import PUBLISHED
    from apps.outbox.queries import last_sequence
    from apps.webhooks.installed import guard
    from apps.webhooks.models import MOST_SUBSCRIPTIONS, Subscription
    from apps.webhooks.signing import new_secret

    now = timezone.now()
    organizations = [
        organization_on_tier(name=f"Bench {uuid4()}", tier="growth", now=now)
        for _ in range(0, count, MOST_SUBSCRIPTIONS)
    ]
    keys = [create_key(organization=each, name="bench", now=now)[0] for each in organizations]
    urls = [f"{beneath}/{number}" for number in range(count)]
    Subscription.objects.bulk_create(
        Subscription(
            key=keys[number // MOST_SUBSCRIPTIONS],
            url=url,
            compared_url=guard().register(url).normalised,
            events=[PUBLISHED],
            created_at=now,
            begins_after=last_sequence(),
            sealed_secret=seal(new_secret()),
        )
        for number, url in enumerate(urls)
    )


def unsubscribe(containing: str) -> None:
    """Delete those whose URL has this in it."""
    from django.utils import timezone

    from apps.webhooks.models import Subscription

    Subscription.objects.filter(url__contains=containing).update(deleted_at=timezone.now())


def tick() -> None:
    """What beat tells `deliver` each second; it goes on by itself from then on."""
    from betedge.celery import app

    app.send_task("webhooks.deliver", queue="deliver")


def naively(beneath: str, count: int) -> float:
    """Queue the same body to so many URLs, one task each; when that began, as Unix time."""
    from bench.peers.naive import send

    body, headers = _signed()
    began = time.time()
    for number in range(count):
        send.apply_async((f"{beneath}/{number}", body.decode(), headers), queue="naive")
    return began


def attempts(beneath: str, count: int) -> float:
    """Attempts alone, without log, queue and rows: how many a second this machine can make and receive."""
    from apps.webhooks.installed import sender

    body, headers = _signed()

    def attempt(number: int) -> None:
        if not sender().send(f"{beneath}/{number}", body=body, headers=headers).delivered:
            raise SystemExit("An attempt of the ceiling did not arrive.")

    attempt(0)
    with ThreadPoolExecutor(THREADS) as pool:
        began = time.perf_counter()
        list(pool.map(attempt, range(count)))
        return count / (time.perf_counter() - began)


def _signed() -> tuple[bytes, dict[str, str]]:
    """A body of the usual size with the headers of an attempt."""
    from datetime import UTC, datetime

    from apps.api.answers import json_bytes
    from apps.webhooks.signing import new_secret, signed_headers

    event_id = str(uuid4())
    told = {"id": event_id, "event": "pick.published", "created_at": "2099-05-25T09:00:00Z", "data": PICK}
    body = json_bytes(told)
    headers = signed_headers(
        body,
        event="pick.published",
        event_id=event_id,
        delivery_id=str(uuid4()),
        attempt=1,
        secret=new_secret(),
        previous=None,
        now=datetime.now(UTC),
    )
    return body, headers


CALLS = {call.__name__: call for call in (fill, subscribe, unsubscribe, tick, tell, naively, attempts)}

if __name__ == "__main__":
    serve(CALLS, settings="betedge.settings")
