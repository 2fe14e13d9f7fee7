"""GET and POST /webhooks, GET, PATCH and DELETE /webhooks/{id}: the subscriptions of the calling key."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts.tiers import GROWTH
from apps.api.answers import JSON, json_answer
from apps.api.auth import actor_of, key_of
from apps.api.exact import FlagField, StringField, StringsField
from apps.api.fields import parse_id
from apps.api.openapi import id_in_path
from apps.api.v1.base import ApiView, NotFound
from apps.core.times import rfc3339
from apps.outbox.models import TYPES, InvalidEvents
from apps.webhooks.installed import guard
from apps.webhooks.models import Delivery, Standing, Subscription
from apps.webhooks.queries import DISABLED, status_of, subscriptions_of
from apps.webhooks.services import (
    DuplicateUrl,
    SubscriptionLimit,
    change_subscription,
    create_subscription,
    delete_subscription,
    read_events,
)
from apps.webhooks.urls import LONGEST, InvalidUrl

# What a pattern can say of webhooks.urls's rules, for those who generate clients; the guard decides.
LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST = rf"(?:(?:{LABEL}\.)+{LABEL}\.?|\[[0-9A-Fa-f:.]+\])"
PATTERN = rf"^[Hh][Tt][Tt][Pp][Ss]://{HOST}(?::8?443)?(?:[/?][!$-;=?-\[\]_a-z~]*)?$"
URL: dict[str, Any] = {"format": "uri", "pattern": PATTERN, "maxLength": LONGEST}
EVENTS: dict[str, Any] = {"items": {"type": "string", "enum": list(TYPES)}, "minItems": 1}
URL_HELP = "Where to: an https URL on port 443 or 8443 whose host the whole internet can reach."
EVENTS_HELP = "Of what: one of them or both."
EXPIRES_HELP = "Whether a `pick.published` that is not delivered by kick-off expires instead of being sent late."
REFUSED = {InvalidUrl.code, InvalidEvents.code, DuplicateUrl.code}
GONE = "This key has no webhook, or none of its deliveries, with this id."


class Asked(serializers.Serializer[Any]):
    """What a caller says of a subscription."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Rules of form come before the look for the subscription: InvalidEvents, InvalidUrl."""
        if "events" in attrs:
            read_events(attrs["events"])
        if "url" in attrs:
            guard().target(attrs["url"])
        return attrs


class NewWebhook(Asked):
    url = StringField(help_text=URL_HELP, **URL)
    events = StringsField(help_text=EVENTS_HELP, **EVENTS)
    expire_at_kickoff = FlagField(required=False, help_text=EXPIRES_HELP, default=False)


class WebhookChange(Asked):
    """What to change; what is left out stays."""

    url = StringField(required=False, help_text=URL_HELP, **URL)
    events = StringsField(required=False, help_text=EVENTS_HELP, **EVENTS)
    paused = FlagField(
        required=False, help_text="True: nothing is sent, and what happens meanwhile is missed. False: sent again."
    )
    expire_at_kickoff = FlagField(required=False, help_text=EXPIRES_HELP)


class FailureShape(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    status_code = serializers.IntegerField(allow_null=True, help_text="Null where no answer came.")
    error = serializers.CharField(help_text="A sentence.")


class WebhookShape(serializers.Serializer[Any]):
    subscription_id = serializers.UUIDField()
    url = serializers.CharField(help_text="As it was sent to us.")
    events = serializers.ListField(child=serializers.ChoiceField(choices=TYPES))
    status = serializers.ChoiceField(
        choices=[*Standing.values, DISABLED],
        help_text="`exhausted`: the fifth retry of one event failed. `disabled`: by the key or the tier.",
    )
    created_at = serializers.DateTimeField()
    expire_at_kickoff = serializers.BooleanField()
    last_delivery_at = serializers.DateTimeField(allow_null=True, help_text="When something last arrived.")
    last_failure = FailureShape(allow_null=True, help_text="The last attempt that failed; null where none did.")


class CreatedShape(WebhookShape):
    hmac_secret = serializers.RegexField(
        r"^[0-9a-f]{64}$", help_text="What deliveries are signed with. Keep it: it is not shown again."
    )


class WebhooksShape(serializers.Serializer[Any]):
    data = WebhookShape(many=True, help_text="Oldest first.")  # type: ignore[assignment]  # DRF has a `data` too


ID = "7d9f0a52-3c58-4f0e-9a1e-52d3b6a4c0f1"
SECRET = "3c1f5a0e9b7d42886e5c0d9f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
NEW = {"url": "https://yourserver.com/webhook", "events": ["pick.published"]}
WEBHOOK = {
    "subscription_id": ID,
    **NEW,
    "status": "active",
    "created_at": "2026-05-25T07:00:00Z",
    "expire_at_kickoff": False,
    "last_delivery_at": "2026-05-25T15:00:04.120Z",
    "last_failure": {"at": "2026-05-25T14:02:11.480Z", "status_code": 503, "error": "Answered 503."},
}
CREATED = {
    "subscription_id": ID,
    **NEW,
    "hmac_secret": SECRET,
    "status": "active",
    "created_at": "2026-05-25T07:00:00Z",
    "expire_at_kickoff": False,
    "last_delivery_at": None,
    "last_failure": None,
}


class WebhookView(ApiView):
    """Base: a view that knows no subscriptions but the calling key's."""

    minimum_tier = GROWTH

    def own(self, request: Request, webhook_id: str) -> Subscription:
        """The subscription with this id. NotFound where it is malformed, unknown, or another key's."""
        try:
            return subscriptions_of(key_of(request._request)).get(pk=parse_id(webhook_id))
        except ValueError as error:
            raise NotFound(GONE) from error

    def handle_exception(self, exc: Exception) -> Any:
        """Not there, or deleted by somebody between our look and the service's."""
        gone = isinstance(exc, (Subscription.DoesNotExist, Delivery.DoesNotExist))
        return super().handle_exception(NotFound(GONE) if gone else exc)


def webhook_body(subscription: Subscription, *, now: datetime) -> dict[str, Any]:
    """A subscription as WebhookShape says."""
    failed_at, delivered_at = subscription.last_failed_at, subscription.last_delivery_at
    return {
        "subscription_id": str(subscription.pk),
        "url": subscription.url,
        "events": subscription.events,
        "status": status_of(subscription, now=now),
        "created_at": rfc3339(subscription.created_at),
        "expire_at_kickoff": subscription.expire_at_kickoff,
        "last_delivery_at": delivered_at and rfc3339(delivered_at),
        "last_failure": failed_at
        and {
            "at": rfc3339(failed_at),
            "status_code": subscription.last_failed_status,
            "error": subscription.last_failed_error,
        },
    }


class WebhookList(WebhookView):
    own_codes = {"POST": REFUSED | {SubscriptionLimit.code}}

    @extend_schema(
        operation_id="list_webhooks",
        summary="The key's webhooks",
        responses={200: OpenApiResponse(WebhooksShape, "All of them.", [OpenApiExample("one", {"data": [WEBHOOK]})])},
    )
    def get(self, request: Request) -> HttpResponse:
        """Those that this key made; no other key sees them. Five at most."""
        now = timezone.now()
        found = subscriptions_of(key_of(request._request))
        return json_answer({"data": [webhook_body(each, now=now) for each in found]})

    @extend_schema(
        operation_id="create_webhook",
        summary="Subscribe a URL to events",
        request={JSON: NewWebhook},
        examples=[OpenApiExample("published", NEW, request_only=True)],
        responses={201: OpenApiResponse(CreatedShape, "Made.", [OpenApiExample("created", CREATED)])},
    )
    def post(self, request: Request) -> HttpResponse:
        """It is told of what happens from now on. `hmac_secret` is in this answer and in no other."""
        now, asked = timezone.now(), self.sent(NewWebhook)
        subscription, secret = create_subscription(
            key=key_of(request._request), now=now, by=actor_of(request._request), **asked
        )
        body = {**webhook_body(subscription, now=now), "hmac_secret": secret}
        return json_answer(body, status=HTTPStatus.CREATED)


class WebhookDetail(WebhookView):
    own_codes = {"PATCH": REFUSED}

    @extend_schema(
        operation_id="get_webhook",
        summary="One webhook",
        parameters=[id_in_path("webhook_id", of="webhook", example=ID)],
        responses={200: OpenApiResponse(WebhookShape, "The webhook.", [OpenApiExample("webhook", WEBHOOK)])},
    )
    def get(self, request: Request, webhook_id: str) -> HttpResponse:
        """What it is told of, how it does, and why it is told of nothing if so."""
        return json_answer(webhook_body(self.own(request, webhook_id), now=timezone.now()))

    @extend_schema(
        operation_id="change_webhook",
        summary="Change a webhook",
        parameters=[id_in_path("webhook_id", of="webhook", example=ID)],
        request={JSON: WebhookChange},
        examples=[OpenApiExample("pause", {"paused": True}, request_only=True)],
        responses={200: OpenApiResponse(WebhookShape, "The webhook.", [OpenApiExample("webhook", WEBHOOK)])},
    )
    def patch(self, request: Request, webhook_id: str) -> HttpResponse:
        """All that is sent changes, or nothing. An exhausted one stays so until it is enabled."""
        now, asked = timezone.now(), self.sent(WebhookChange)
        own = self.own(request, webhook_id)
        changed = change_subscription(subscription_id=own.pk, now=now, by=actor_of(request._request), **asked)
        return json_answer(webhook_body(changed, now=now))

    @extend_schema(
        operation_id="delete_webhook",
        summary="Delete a webhook",
        parameters=[id_in_path("webhook_id", of="webhook", example=ID)],
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    def delete(self, request: Request, webhook_id: str) -> HttpResponse:
        """Nothing more is sent to it, its log is gone, and its URL may be used again."""
        own = self.own(request, webhook_id)
        delete_subscription(subscription_id=own.pk, now=timezone.now(), by=actor_of(request._request))
        return no_content()


def no_content() -> HttpResponse:
    answer = HttpResponse(status=HTTPStatus.NO_CONTENT)
    del answer.headers["Content-Type"]
    return answer
