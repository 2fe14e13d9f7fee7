"""Subscriptions and their deliveries in the admin: only read, and never with a secret."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.admin import ReadOnlyAdmin
from apps.webhooks.models import Attempt, Delivery, Reason, Subscription
from apps.webhooks.queries import status_of, why_stopped

OF_ONE = "subscription__id__exact"
MOST_ATTEMPTS = 100  # on a delivery's page; one that is asked for again and again may have any number
HEADS = ("#", "At (UTC)", "Address", "Status", "ms", "Error", "Answer")
TRIED = "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
TRY = "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ["url", "organization", "key_shown", "state", "last_delivery_at", "last_failure", "log"]
    list_select_related = ["key__organization"]
    list_filter = ["status", ("deleted_at", admin.EmptyFieldListFilter)]
    search_fields = ["url", "key__organization__name", "key__secrets__prefix"]
    search_help_text = "Search by URL, organisation or the beginning of a key"
    show_facets = admin.ShowFacets.NEVER
    ordering = ["-created_at", "id"]
    fields = [
        "organization", "key_shown", "url", "events", "state", "expire_at_kickoff", "created_at", "stopped_at",
        "deleted_at", "previous_until", "last_delivery_at", "last_failure", "mail_due_at", "due_at", "log",
    ]  # fmt: skip

    @admin.display(description="Organisation", ordering="key__organization__name")
    def organization(self, subscription: Subscription) -> str:
        return str(subscription.key.organization)

    @admin.display(description="Key")
    def key_shown(self, subscription: Subscription) -> str:
        return f"betedge_{subscription.key.prefix}…{subscription.key.last_four}"

    @admin.display(description="State", ordering="status")
    def state(self, subscription: Subscription) -> str:
        now = timezone.now()
        why = why_stopped(subscription, now=now)
        if why == Reason.DELETED:
            return "deleted"
        status = status_of(subscription, now=now)
        return f"{status}: {why.label}" if why in (Reason.KEY, Reason.TIER) else status

    @admin.display(description="Last failure", ordering="last_failed_at")
    def last_failure(self, subscription: Subscription) -> str:
        at = subscription.last_failed_at
        return f"{at:%d %b %Y %H:%M} UTC: {subscription.last_failed_error}" if at else "none"

    @admin.display(description="Deliveries")
    def log(self, subscription: Subscription) -> SafeString:
        deliveries = reverse("admin:webhooks_delivery_changelist")
        return format_html('<a href="{}?{}">log</a>', deliveries, urlencode({OF_ONE: subscription.pk}))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """The log of one subscription at a time: no index leads through those of all."""

    list_display = ["event", "event_id", "status", "reason", "created_at", "delivered_at", "due_at", "attempts"]
    list_select_related = ["subscription"]
    list_filter = ["status"]
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    empty_state = "Nothing was sent to this webhook, or nothing that fits these filters."
    fields = [
        "subscription", "event", "event_id", "subject_id", "status", "reason", "created_at", "delivered_at", "due_at",
        "tries",
    ]  # fmt: skip

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if OF_ONE not in request.GET:
            self.message_user(request, "Choose a webhook and open its log.", messages.INFO)
            return HttpResponseRedirect(reverse("admin:webhooks_subscription_changelist"))
        return super().changelist_view(request, extra_context)

    @admin.display(description="Attempts")
    def tries(self, delivery: Delivery) -> SafeString:
        last = Attempt.objects.filter(delivery_id=delivery.pk).order_by("-at", "-number")[:MOST_ATTEMPTS]
        heads = format_html_join("", '<th scope="col">{}</th>', ((head,) for head in HEADS))
        return format_html(TRIED, heads, format_html_join("", TRY, map(_cells, reversed(last))))


def _cells(attempt: Attempt) -> tuple[Any, ...]:
    return (
        attempt.number,
        f"{attempt.at:%d %b %Y %H:%M:%S}",
        attempt.address or "–",
        attempt.status_code or "–",
        attempt.duration_ms,
        attempt.error or "–",
        attempt.response_body or "–",
    )
