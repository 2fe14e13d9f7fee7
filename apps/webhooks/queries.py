"""Reads of subscriptions and of what was sent to them. Every one that a tenant can reach starts from its own."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.access.models import ApiKey
from apps.accounts.models import Organization
from apps.webhooks.models import Attempt, Delivery, Reason, Standing, Subscription
from apps.webhooks.standing import OPENING_TIERS

DISABLED = "disabled"  # by what cannot be mended at the subscription itself: its key has ended, its tier is too low
MOST_ATTEMPTS = 20


class Place(NamedTuple):
    """Where a page of deliveries goes on: behind this one, newest first."""

    created_at: datetime
    event_id: UUID


class DeliveryPage(NamedTuple):
    """deliveries: newest first. attempts: by delivery, in their order. next: None on the last page."""

    deliveries: list[Delivery]
    attempts: dict[UUID, list[Attempt]]
    next: Place | None


def subscriptions_of(key: ApiKey) -> QuerySet[Subscription]:
    """Those of a key that are not deleted, oldest first; each with its key and organisation."""
    return _living().filter(key=key)


def subscriptions_of_organization(organization: Organization) -> QuerySet[Subscription]:
    """Those of all keys of an organisation that are not deleted."""
    return _living().filter(key__organization=organization)


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
    subscription: Subscription, *, limit: int, status: str | None = None, after: Place | None = None
) -> DeliveryPage:
    """A page of the subscription's log: `status`: of these alone; `after`: where the page before ended."""
    deliveries = Delivery.objects.filter(subscription=subscription)
    if status is not None:
        deliveries = deliveries.filter(status=status)
    if after is not None:
        same_instant = Q(created_at=after.created_at, event_id__lt=after.event_id)
        deliveries = deliveries.filter(Q(created_at__lt=after.created_at) | same_instant)
    found = list(deliveries.order_by("-created_at", "-event_id")[: limit + 1])
    page = found[:limit]
    last = Place(page[-1].created_at, page[-1].event_id) if len(found) > limit else None
    return DeliveryPage(page, attempts_of(page), last)


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


def _living() -> QuerySet[Subscription]:
    return Subscription.objects.filter(deleted_at__isnull=True).select_related("key__organization")
