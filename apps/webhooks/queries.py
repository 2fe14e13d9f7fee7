"""Reads of subscriptions and of what was sent to them. Every one that a tenant can reach starts from its own."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.access.models import ApiKey
from apps.accounts.models import Organization
from apps.webhooks.models import Attempt, Delivery, Subscription


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
    """Every attempt of these deliveries, by delivery, in their order."""
    found: dict[UUID, list[Attempt]] = {delivery.pk: [] for delivery in deliveries}
    for attempt in Attempt.objects.filter(delivery_id__in=found).order_by("at", "number"):
        found[attempt.delivery_id].append(attempt)
    return found


def _living() -> QuerySet[Subscription]:
    return Subscription.objects.filter(deleted_at__isnull=True).select_related("key__organization")
