"""A webhook's page with the log of its deliveries, and one delivery, attempt by attempt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.dashboard.doors import Visit, door
from apps.dashboard.shown import show
from apps.dashboard.webhooks.forms import LogFilter
from apps.dashboard.webhooks.own import own
from apps.dashboard.webhooks.wording import about, span, words_of, words_of_delivery
from apps.webhooks.models import TEST, Attempt, Delivery, Standing, State
from apps.webhooks.queries import (
    MOST_MISSED,
    DeliveryPage,
    Place,
    attempts_of,
    bodies_of,
    count_missed,
    deliveries_of,
    delivery_state,
    delivery_to,
    last_attempts_of,
    last_day,
    status_of,
    why_stopped,
)
from apps.webhooks.schedule import coming_attempts
from apps.webhooks.signing import new_secret, signed_headers

A_PAGE = 50
SIGNATURES = "(made from these bytes with your secret, which is not shown here)"


@door()
def webhook(request: HttpRequest, visit: Visit, subscription_id: UUID) -> HttpResponse:
    """How it stands, what to do next, how its last day was, and a page of its log."""
    subscription, now = own(visit, subscription_id), timezone.now()
    day = last_day([subscription], now=now)[subscription.pk]
    status = status_of(subscription, now=now)
    missed = count_missed(subscription) if status == Standing.EXHAUSTED else 0
    chosen = LogFilter(request.GET)
    asked = chosen.asked()
    page = deliveries_of(subscription, limit=A_PAGE, after=read_place(request.GET.get("after", "")), **asked)
    words = {
        "subscription": subscription,
        "status": status,
        "why": why_stopped(subscription, now=now),
        "stands": words_of(subscription, now=now),
        "day": day,
        "median": span(day.median),
        "p95": span(day.p95),
        "missed": missed,
        "many_missed": missed == MOST_MISSED,
        "chosen": chosen,
        "filtered": bool(asked),
        "further": "after" in request.GET,
        "query": urlencode(asked),
        "rows": rows_of(page),
        "next": page.next and urlencode({**asked, "after": write_place(page.next)}),
    }
    return show(request, visit, "dashboard/webhooks/webhook.html", words)


def rows_of(page: DeliveryPage) -> list[dict[str, Any]]:
    """Each delivery of a page, with what it tells of, how it stands, how long it took, and its last attempt."""
    bodies, last = bodies_of(page.deliveries), last_attempts_of(page.deliveries)
    return [
        {
            "delivery": each,
            "about": about(bodies[each.pk]),
            "stands": words_of_delivery(each),
            "took": took(each),
            "last": last.get(each.pk),
        }
        for each in page.deliveries
    ]


def took(delivery: Delivery) -> str:
    """From the event to the receiver's 2xx, in words."""
    return span(delivery.delivered_at - delivery.created_at) if delivery.delivered_at else ""


@door()
def delivery(request: HttpRequest, visit: Visit, subscription_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Every attempt at it, what is sent, and what comes next."""
    subscription, now = own(visit, subscription_id), timezone.now()
    found = delivery_to(subscription, delivery_id)
    if found is None:
        raise Http404("This webhook has no delivery at this address; those of the last 30 days are kept.")
    attempts, body = attempts_of([found])[found.pk], bodies_of([found])[found.pk]
    words = {
        "subscription": subscription,
        "status": status_of(subscription, now=now),
        "delivery": found,
        "test": found.event == TEST,
        "about": about(body),
        "stands": words_of_delivery(found),
        "took": took(found),
        "attempts": attempts,
        "left_out": max(0, found.attempts - len(attempts)),
        "body": body,
        "headers": headers_shown(found, body, attempts, now=now),
        "coming": coming(found),
        "seen": delivery_state(found),
    }
    return show(request, visit, "dashboard/webhooks/delivery.html", words)


def headers_shown(
    delivery: Delivery, body: str, attempts: Sequence[Attempt], *, now: datetime
) -> list[tuple[str, str]]:
    """The headers of the last attempt, or of the first where none was made yet; words in place of signatures."""
    signed = signed_headers(
        body.encode(),
        event=delivery.event,
        event_id=str(delivery.event_id),
        delivery_id=str(delivery.pk),
        attempt=attempts[-1].number if attempts else 1,
        secret=new_secret(),
        previous=None,
        now=attempts[-1].at if attempts else now,
    )
    return [(name, SIGNATURES if "signature" in name.lower() else value) for name, value in signed.items()]


def coming(delivery: Delivery) -> list[datetime]:
    """When a pending delivery is tried next, and then, if all of that fails; up to a tenth later each."""
    if delivery.status != State.PENDING or delivery.due_at is None:
        return []
    delays = settings.WEBHOOK_RETRY_SECONDS
    return coming_attempts(failures=delivery.failures, due_at=delivery.due_at, delays=delays)


def write_place(place: Place) -> str:
    return f"{place.created_at.isoformat()}~{place.event_id}"


def read_place(written: str) -> Place | None:
    """The place that `write_place` wrote; None, the beginning, where it cannot be read."""
    instant, _, event_id = written.partition("~")
    try:
        at = parse_datetime(instant)
        return Place(at, UUID(event_id)) if at and at.tzinfo else None
    except ValueError:
        return None
