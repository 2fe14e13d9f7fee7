"""Reads of subscriptions and of what was sent to them. Every one that a tenant can reach starts from its own."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from apps.access.models import ApiKey
from apps.accounts.models import Organization
from apps.outbox.models import OutboxEvent
from apps.webhooks.models import TEST, Attempt, Delivery, Reason, Standing, State, Subscription
from apps.webhooks.standing import OPENING_TIERS

DISABLED = "disabled"  # by what cannot be mended at the subscription itself: its key has ended, its tier is too low
MOST_ATTEMPTS = 20
DAY = timedelta(hours=24)
MOST_COUNTED = 1_000  # deliveries of one subscription that a day's figures are made of, the newest
MOST_MISSED = 10_000  # that are counted before somebody asks for them
# Each subscription's part is read from the index of its log, newest first, and no further than MOST_COUNTED.
LAST_DAY = """
SELECT asked.id, count(*), count(*) FILTER (WHERE d.status = 'delivered'), count(*) FILTER (WHERE d.status = 'failed'),
    count(*) FILTER (WHERE d.status = 'pending'), count(*) FILTER (WHERE d.status IN ('expired', 'cancelled')),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY d.delivered_at - d.created_at),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY d.delivered_at - d.created_at)
FROM unnest(%(ids)s::uuid[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT status, created_at, delivered_at FROM webhooks_delivery
    WHERE subscription_id = asked.id AND created_at > %(since)s AND event <> %(test)s
    ORDER BY created_at DESC, event_id DESC LIMIT %(most)s
) AS d
GROUP BY asked.id
"""


class Place(NamedTuple):
    """Where a page of deliveries goes on: behind this one, newest first."""

    created_at: datetime
    event_id: UUID


class DeliveryPage(NamedTuple):
    """deliveries: newest first. next: None on the last page."""

    deliveries: list[Delivery]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Day:
    """What became of the events of a subscription's last 24 hours, tests left out; of the newest MOST_COUNTED alone.

    median, p95: from the event to the receiver's 2xx, of those that were delivered; None where none was.
    """

    counted: int = 0
    delivered: int = 0
    failed: int = 0
    pending: int = 0
    not_sent: int = 0  # expired or cancelled
    median: timedelta | None = None
    p95: timedelta | None = None

    @property
    def cut(self) -> bool:
        """Whether there were more than are counted here."""
        return self.counted >= MOST_COUNTED


def subscriptions_of(key: ApiKey) -> QuerySet[Subscription]:
    """Those of a key that are not deleted, oldest first; each with its key and organisation."""
    return _living().filter(key=key)


def subscriptions_of_organization(organization: Organization) -> QuerySet[Subscription]:
    """Those of all keys of an organisation that are not deleted."""
    return _living().filter(key__organization=organization)


def opens_webhooks(organization: Organization) -> bool:
    """Whether its tier has webhooks."""
    return organization.tier in OPENING_TIERS


def why_stopped(subscription: Subscription, *, now: datetime) -> Reason:
    """Why nothing is sent to it, as standing.WHY says in SQL; Reason.NONE where it is active."""
    key = subscription.key
    if subscription.deleted_at is not None:
        return Reason.DELETED
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return Reason.KEY
    if key.organization.tier not in OPENING_TIERS:
        return Reason.TIER
    return Reason.NONE if subscription.status == Standing.ACTIVE else Reason(subscription.status)


def status_of(subscription: Subscription, *, now: datetime) -> str:
    """A Standing, or DISABLED."""
    stopped_from_above = why_stopped(subscription, now=now) in (Reason.KEY, Reason.TIER)
    return DISABLED if stopped_from_above else str(subscription.status)


def deliveries_of(
    subscription: Subscription,
    *,
    limit: int,
    status: str | None = None,
    event: str | None = None,
    after: Place | None = None,
) -> DeliveryPage:
    """A page of the subscription's log: `status`, `event`: of these alone; `after`: where the page before ended."""
    deliveries = Delivery.objects.filter(subscription=subscription)
    if status is not None:
        deliveries = deliveries.filter(status=status)
    if event is not None:
        deliveries = deliveries.filter(event=event)
    if after is not None:
        same_instant = Q(created_at=after.created_at, event_id__lt=after.event_id)
        deliveries = deliveries.filter(Q(created_at__lt=after.created_at) | same_instant)
    found = list(deliveries.order_by("-created_at", "-event_id")[: limit + 1])
    page = found[:limit]
    last = Place(page[-1].created_at, page[-1].event_id) if len(found) > limit else None
    return DeliveryPage(page, last)


def delivery_to(subscription: Subscription, delivery_id: UUID) -> Delivery | None:
    """The one of its log with this id."""
    return Delivery.objects.filter(subscription=subscription, pk=delivery_id).first()


def attempts_of(deliveries: list[Delivery]) -> dict[UUID, list[Attempt]]:
    """The last attempts of these deliveries, MOST_ATTEMPTS of each, by delivery, in their order.

    Nobody bounds how often a delivery is asked for again, and each attempt may hold 2 KiB.
    """
    found: dict[UUID, list[Attempt]] = {delivery.pk: [] for delivery in deliveries}
    wanted = Q(delivery_id__in=found)
    for delivery in deliveries:
        if delivery.attempts > MOST_ATTEMPTS:
            wanted &= ~Q(delivery_id=delivery.pk, number__lte=delivery.attempts - MOST_ATTEMPTS)
    for attempt in Attempt.objects.filter(wanted).order_by("at", "number"):
        found[attempt.delivery_id].append(attempt)
    return found


def last_attempts_of(deliveries: Collection[Delivery]) -> dict[UUID, Attempt]:
    """The last attempt at each of these deliveries that had any, without what was answered."""
    tried = Attempt.objects.filter(delivery_id__in=[delivery.pk for delivery in deliveries])
    last = tried.defer("response_body").order_by("delivery_id", "-number").distinct("delivery_id")
    return {attempt.delivery_id: attempt for attempt in last}


def bodies_of(deliveries: Collection[Delivery]) -> dict[UUID, str]:
    """What is sent, by delivery: its own text, or the log's of its event."""
    sequences = {delivery.sequence for delivery in deliveries if delivery.body is None}
    told = dict(OutboxEvent.objects.filter(sequence__in=sequences).values_list("sequence", "body"))
    return {
        delivery.pk: told.get(delivery.sequence or 0, "") if delivery.body is None else delivery.body
        for delivery in deliveries
    }


def last_day(subscriptions: Collection[Subscription], *, now: datetime) -> dict[UUID, Day]:
    """How the deliveries of the last 24 hours did, by subscription."""
    asked: dict[str, Any] = {
        "ids": [each.pk for each in subscriptions],
        "since": now - DAY,
        "test": TEST,
        "most": MOST_COUNTED,
    }
    with connection.cursor() as cursor:
        cursor.execute(LAST_DAY, asked)
        found = {row[0]: Day(*row[1:]) for row in cursor.fetchall()}
    return {each.pk: found.get(each.pk, Day()) for each in subscriptions}


def missed_by(subscription: Subscription) -> QuerySet[Delivery]:
    """What it missed by being exhausted."""
    stopped = [State.FAILED, State.CANCELLED]
    return Delivery.objects.filter(subscription=subscription, status__in=stopped, reason=Reason.EXHAUSTED)


def count_missed(subscription: Subscription) -> int:
    """How many deliveries it missed by being exhausted; MOST_MISSED where they are more."""
    return missed_by(subscription).order_by()[:MOST_MISSED].count()


def changeable(subscription: Subscription) -> dict[str, Any]:
    """What change_subscription can change of it, ready for JSON."""
    return {
        "url": subscription.url,
        "events": subscription.events,
        "paused": subscription.status == Standing.PAUSED,
        "expire_at_kickoff": subscription.expire_at_kickoff,
    }


def settings_state(subscription: Subscription) -> str:
    """Two are equal where the URL, the events and the expiry are; whether it is paused does not count."""
    settings = [subscription.url, subscription.events, subscription.expire_at_kickoff]
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:32]


def secret_state(subscription: Subscription) -> str:
    """Another one after each rotation."""
    return subscription.previous_until.isoformat() if subscription.previous_until else "first"


def delivery_state(delivery: Delivery) -> str:
    """Another one as soon as it is sent, or asked for again."""
    return f"{delivery.status}-{delivery.attempts}-{delivery.failures}"


def _living() -> QuerySet[Subscription]:
    return Subscription.objects.filter(deleted_at__isnull=True).select_related("key__organization")
