"""GET /webhooks/{id}/deliveries and POST …/deliveries/{id}/redeliver: what was sent to a webhook, and how it went."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.api.answers import json_answer
from apps.api.auth import actor_of
from apps.api.fields import CursorField, PageLimitField, parse_id, write_cursor
from apps.api.openapi import id_in_path
from apps.api.v1.base import NotFound
from apps.api.v1.webhooks import GONE, ID, WebhookView
from apps.core.times import rfc3339
from apps.outbox.models import TYPES
from apps.picks.queries import Position
from apps.webhooks.models import TEST, Attempt, Delivery, Reason, State
from apps.webhooks.queries import Place, attempts_of, deliveries_of
from apps.webhooks.services import redeliver

FIRST = UUID(int=0)  # no event's: a place at it lies before all events of its instant


class DeliveryQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(required=False, choices=State.values, help_text="Of these alone.")
    cursor = CursorField(
        required=False,
        help_text="Where to go on: the `next_cursor` of the page before, or any RFC 3339 time. Empty: the beginning.",
    )
    limit = PageLimitField(default=50, most=200, help_text="How many deliveries a page may hold.")


class AttemptShape(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=1)
    at = serializers.DateTimeField(help_text="When it began.")
    address = serializers.CharField(allow_null=True, help_text="The one that was dialled; null where none was.")
    status_code = serializers.IntegerField(allow_null=True, help_text="Null where no answer came.")
    duration_ms = serializers.IntegerField(min_value=0)
    error = serializers.CharField(allow_null=True, help_text="What went wrong, in a sentence; null where it arrived.")
    response_body = serializers.CharField(allow_blank=True, help_text="The answer's first 2 KiB.")


class DeliveryShape(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="`X-BetEdge-Delivery` of every attempt.")
    event_id = serializers.UUIDField()
    event = serializers.ChoiceField(choices=[*TYPES, TEST])
    status = serializers.ChoiceField(choices=State.values)
    created_at = serializers.DateTimeField(help_text="When the event happened.")
    delivered_at = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(allow_null=True, help_text="Null where none is due.")
    reason = serializers.ChoiceField(
        choices=[each.value for each in Reason if each], allow_null=True, help_text="Why it is not sent any more."
    )
    attempts = AttemptShape(many=True, help_text="The last 20, in their order.")


class DeliveriesShape(serializers.Serializer[Any]):
    data = DeliveryShape(many=True)  # type: ignore[assignment]  # DRF has a `data` too
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Give it back as `cursor` for the next page; null on the last one."
    )


DELIVERY_ID = "c7a1f2de-0b56-4c39-8a61-2f7e90d4b8a3"
EVENT_ID = "5f0e8f3a-93d4-4d0c-8c43-1b6a7e2d9f50"
DELIVERY = {
    "id": DELIVERY_ID,
    "event_id": EVENT_ID,
    "event": "pick.published",
    "status": "delivered",
    "created_at": "2026-05-25T15:00:00Z",
    "delivered_at": "2026-05-25T15:01:03.204Z",
    "next_attempt_at": None,
    "reason": None,
    "attempts": [
        {
            "number": 1,
            "at": "2026-05-25T15:00:00.120Z",
            "address": "93.184.215.14",
            "status_code": 503,
            "duration_ms": 61,
            "error": "Answered 503.",
            "response_body": "busy",
        },
        {
            "number": 2,
            "at": "2026-05-25T15:01:03.120Z",
            "address": "93.184.215.14",
            "status_code": 200,
            "duration_ms": 84,
            "error": None,
            "response_body": "",
        },
    ],
}
PENDING = {**DELIVERY, "status": "pending", "delivered_at": None, "next_attempt_at": "2026-05-25T16:20:00Z"}
PAGE = {"data": [DELIVERY], "next_cursor": f"2026-05-25T15:00:00Z~{EVENT_ID}"}
IN_PATH = id_in_path("webhook_id", of="webhook", example=ID)


def delivery_body(delivery: Delivery, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """A delivery as DeliveryShape says."""
    return {
        "id": str(delivery.pk),
        "event_id": str(delivery.event_id),
        "event": delivery.event,
        "status": delivery.status,
        "created_at": rfc3339(delivery.created_at),
        "delivered_at": delivery.delivered_at and rfc3339(delivery.delivered_at),
        "next_attempt_at": delivery.due_at and rfc3339(delivery.due_at),
        "reason": delivery.reason or None,
        "attempts": [attempt_body(attempt) for attempt in attempts],
    }


def attempt_body(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "at": rfc3339(attempt.at),
        "address": attempt.address,
        "status_code": attempt.status_code,
        "duration_ms": attempt.duration_ms,
        "error": attempt.error or None,
        "response_body": attempt.response_body,
    }


class DeliveryList(WebhookView):
    @extend_schema(
        operation_id="list_deliveries",
        summary="What was sent to a webhook",
        parameters=[IN_PATH, DeliveryQuery],
        responses={200: OpenApiResponse(DeliveriesShape, "A page.", [OpenApiExample("page", PAGE)])},
    )
    def get(self, request: Request, webhook_id: str) -> HttpResponse:
        """Newest events first, each with its last 20 attempts. Kept for 30 days."""
        asked = self.parameters(DeliveryQuery, request)
        page = deliveries_of(
            self.own(request, webhook_id),
            status=asked.get("status"),
            after=place_at(asked.get("cursor")),
            limit=asked["limit"],
        )
        attempts = attempts_of(page.deliveries)
        return json_answer(
            {
                "data": [delivery_body(each, attempts[each.pk]) for each in page.deliveries],
                "next_cursor": page.next and write_cursor(Position(*page.next)),
            }
        )


def place_at(position: Position | None) -> Place | None:
    """Where a cursor leads: to a delivery, or before all those of an instant."""
    return position and Place(position.kickoff_at, position.pick_id or FIRST)


class Redelivery(WebhookView):
    @extend_schema(
        operation_id="redeliver",
        summary="Send a delivery again",
        parameters=[IN_PATH, id_in_path("delivery_id", of="delivery", example=DELIVERY_ID)],
        request=None,
        responses={
            202: OpenApiResponse(DeliveryShape, "It is on its way.", [OpenApiExample("pending", PENDING)]),
        },
    )
    def post(self, request: Request, webhook_id: str, delivery_id: str) -> HttpResponse:
        """Whatever became of it, at once, and with every retry. `invalid_request` while the webhook is not active."""
        subscription = self.own(request, webhook_id)
        try:
            asked = parse_id(delivery_id)
        except ValueError as error:
            raise NotFound(GONE) from error
        delivery = redeliver(
            subscription_id=subscription.pk, delivery_id=asked, now=timezone.now(), by=actor_of(request._request)
        )
        return json_answer(delivery_body(delivery, attempts_of([delivery])[delivery.pk]), status=HTTPStatus.ACCEPTED)
