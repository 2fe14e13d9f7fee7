"""Organisations in the admin, with what they use: the page of apps.accounts, which may not look at keys or webhooks."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.access.history import NOTHING
from apps.access.models import ApiKey
from apps.accounts.admin import OrganizationAdmin
from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from apps.core.admin import GuardedAdmin
from apps.core.templatetags.moments import when
from apps.dashboard.admin.usage import DAYS, asked_with, by_day, by_key, keys_of, webhooks_of, with_usage
from apps.webhooks.models import Standing
from apps.webhooks.queries import status_of

MOST_KEYS, MOST_WEBHOOKS = 200, 100  # of one organisation on its page

admin.site.unregister(Organization)


@admin.register(Organization)
class OrganizationWithUsageAdmin(GuardedAdmin, OrganizationAdmin):
    list_display = ["name", "tier", "keys", "month", "last_request", "hooks", "created_at"]
    list_per_page = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_help_text = "Search by name"
    empty_state = (
        "No organisation yet, or none that fits. People make them when they sign up, create_key makes them too."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Organization]":
        return with_usage(super().get_queryset(request), now=timezone.now())

    @admin.display(description="Working keys", ordering="keys_working")
    def keys(self, organization: Any) -> str:
        return f"{organization.keys_working} of {TIERS[organization.tier].active_keys}"

    @admin.display(description="This month", ordering="month_counted")
    def month(self, organization: Any) -> SafeString:
        used, cap = organization.month_counted, TIERS[organization.tier].monthly
        bar = '<meter min="0" max="{}" value="{}" aria-hidden="true"></meter> <span class="second">{} of {}</span>'
        return format_html(bar, cap, used, f"{used:,}", f"{cap:,}")

    @admin.display(description="Last request", ordering="last_request_at")
    def last_request(self, organization: Any) -> SafeString | str:
        return when(organization.last_request_at)

    @admin.display(description="Webhooks", ordering="webhooks_exhausted")
    def hooks(self, organization: Any) -> SafeString | str:
        if not organization.webhooks_exhausted:
            return str(organization.webhooks)
        told = '{}<span class="second held">{} exhausted</span>'
        return format_html(told, organization.webhooks, organization.webhooks_exhausted)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        context = getattr(response, "context_data", None) or {}
        if context.get("original"):
            context |= _usage(context["original"], now=timezone.now())
        return response


def _usage(organization: Any, *, now: datetime) -> dict[str, Any]:
    keys = list(keys_of(organization, now=now)[:MOST_KEYS])
    asked = asked_with(keys, now=now)
    of_each = by_key(asked)
    return {
        "month_cap": TIERS[organization.tier].monthly,
        "days": DAYS,
        "keys": [(key, _state(key, now=now), of_each.get(key.pk, NOTHING)) for key in keys],
        "all_keys": f"{reverse('admin:access_apikey_changelist')}?organization__id__exact={organization.pk}",
        "webhooks": [
            (webhook, status_of(webhook, now=now), webhook.status == Standing.EXHAUSTED)
            for webhook in webhooks_of(organization)[:MOST_WEBHOOKS]
        ],
        "requests": by_day(asked, now=now),
    }


def _state(key: ApiKey, *, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "working"
