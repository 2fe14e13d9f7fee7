"""Deliveries and attempts as rows, where a test needs a log and nobody to have made it."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.webhooks.models import Attempt, Delivery, State, Subscription
from apps.webhooks.partitions import make_weeks


def delivery_of(
    subscription: Subscription, *, at: datetime, status: State = State.PENDING, attempts: int = 0, **fields: Any
) -> Delivery:
    """One delivery of an event of that time, and so many attempts at it, which were answered 500."""
    with transaction.atomic():
        make_weeks([at])
        delivery = Delivery.objects.create(
            subscription=subscription,
            created_at=at,
            event_id=fields.pop("event_id", None) or uuid.uuid4(),
            event=fields.pop("event", "pick.published"),
            status=status,
            due_at=at if status == State.PENDING else None,
            delivered_at=at if status == State.DELIVERED else None,
            attempts=attempts,
            **fields,
        )
        Attempt.objects.bulk_create(
            Attempt(
                delivery_id=delivery.pk,
                number=number,
                at=at,
                address="192.0.2.1",
                status_code=500,
                duration_ms=7,
                error="Answered 500.",
                response_body="<b>no</b>",
            )
            for number in range(1, attempts + 1)
        )
    return delivery
