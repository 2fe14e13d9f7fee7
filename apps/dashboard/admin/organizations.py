"""Organisations in the admin, with what they use: the page of apps.accounts, which may not look at keys or webhooks."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.access.models import ApiKey
from apps.accounts.admin import OrganizationAdmin
from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from apps.core.admin import GuardedAdmin
from apps.core.templatetags.moments import when
from apps.dashboard.admin.usage import by_day, keys_with_usage, webhooks_of, with_usage
from apps.webhooks.models import Standing
from apps.webhooks.queries import status_of

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
        organization = self.get_object(request, object_id)
        used = {} if organization is None else _usage(organization, now=timezone.now())
        return super().change_view(request, object_id, form_url, {**used, **(extra_context or {})})


def _usage(organization: Any, *, now: datetime) -> dict[str, Any]:
    return {
        "month_cap": TIERS[organization.tier].monthly,
        "keys": [(key, _state(key, now=now)) for key in keys_with_usage(organization, now=now)],
        "webhooks": [
            (webhook, status_of(webhook, now=now), webhook.status == Standing.EXHAUSTED)
            for webhook in webhooks_of(organization)
        ],
        "requests": by_day(organization, now=now),
    }


def _state(key: ApiKey, *, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "working"
