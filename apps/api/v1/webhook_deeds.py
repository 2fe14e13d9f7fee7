"""POST /webhooks/{id}/rotate-secret, /test and /enable: what is done to a subscription beside changing it."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.api.answers import json_answer
from apps.api.auth import actor_of
from apps.api.openapi import id_in_path
from apps.api.v1.webhooks import ID, SECRET, WEBHOOK, WebhookShape, WebhookView, webhook_body
from apps.core.times import rfc3339
from apps.webhooks.services import enable_subscription, rotate_secret, send_test

IN_PATH = id_in_path("webhook_id", of="webhook", example=ID)


class RotatedShape(serializers.Serializer[Any]):
    subscription_id = serializers.UUIDField()
    hmac_secret = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="The new one. Keep it: it is not shown again.")
    previous_valid_until = serializers.DateTimeField(help_text="Until then the one before signs beside it.")


class TestedShape(serializers.Serializer[Any]):
    delivery_id = serializers.UUIDField()
    delivered = serializers.BooleanField(help_text="Whether the receiver answered 2xx.")
    status_code = serializers.IntegerField(allow_null=True, help_text="What it answered; null where nothing came.")
    duration_ms = serializers.IntegerField(min_value=0)
    error = serializers.CharField(allow_null=True, help_text="What went wrong, in a sentence; null where it arrived.")


class EnabledShape(WebhookShape):
    resent = serializers.IntegerField(min_value=0, help_text="How many deliveries that it missed are sent again.")


ROTATED = {"subscription_id": ID, "hmac_secret": SECRET, "previous_valid_until": "2026-05-26T07:00:00Z"}
TESTED = {
    "delivery_id": "c7a1f2de-0b56-4c39-8a61-2f7e90d4b8a3",
    "delivered": True,
    "status_code": 200,
    "duration_ms": 84,
    "error": None,
}


class WebhookSecret(WebhookView):
    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Give a webhook a new secret",
        parameters=[IN_PATH],
        request=None,
        responses={200: OpenApiResponse(RotatedShape, "The secret.", [OpenApiExample("rotated", ROTATED)])},
    )
    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        """Deliveries are signed with both for 24 hours: enough to put the new one in place. A third ends the first."""
        own = self.own(request, webhook_id)
        subscription, secret = rotate_secret(subscription_id=own.pk, now=timezone.now(), by=actor_of(request._request))
        assert subscription.previous_until
        return json_answer(
            {
                "subscription_id": str(subscription.pk),
                "hmac_secret": secret,
                "previous_valid_until": rfc3339(subscription.previous_until),
            }
        )


class WebhookTest(WebhookView):
    @extend_schema(
        operation_id="test_webhook",
        summary="Send a test",
        parameters=[IN_PATH],
        request=None,
        responses={200: OpenApiResponse(TestedShape, "What came of it.", [OpenApiExample("tested", TESTED)])},
    )
    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        """An event of type `test`, signed, sent once and at once, to one that is paused too. It may take 10 s."""
        tested = send_test(subscription_id=self.own(request, webhook_id).pk, now=timezone.now())
        attempted = tested.attempted
        return json_answer(
            {
                "delivery_id": str(tested.delivery_id),
                "delivered": attempted.delivered,
                "status_code": attempted.status_code,
                "duration_ms": attempted.duration_ms,
                "error": attempted.error or None,
            }
        )


class WebhookEnabling(WebhookView):
    @extend_schema(
        operation_id="enable_webhook",
        summary="Make a webhook active again",
        parameters=[IN_PATH],
        request=None,
        responses={
            200: OpenApiResponse(EnabledShape, "It.", [OpenApiExample("enabled", {**WEBHOOK, "resent": 3})]),
        },
    )
    def post(self, request: Request, webhook_id: str) -> HttpResponse:
        """What it missed while it was exhausted is sent again; what it missed while it was paused is not."""
        now, own = timezone.now(), self.own(request, webhook_id)
        subscription, resent = enable_subscription(subscription_id=own.pk, now=now, by=actor_of(request._request))
        return json_answer({**webhook_body(subscription, now=now), "resent": resent})
