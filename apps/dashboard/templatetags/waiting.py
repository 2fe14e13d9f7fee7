"""What waits for people, for the admin's first page."""

from typing import Any

from django import template
from django.contrib import admin
from django.urls import reverse

from apps.accounts.models import TierRequest
from apps.feed.models import AnchorRow
from apps.picks.models import Pick, Status
from apps.webhooks.models import Standing, Subscription

register = template.Library()


@register.inclusion_tag("admin/waiting.html", takes_context=True)
def what_waits(context: dict[str, Any]) -> dict[str, Any]:
    """Counts with links, of the lists that this person may see."""
    user = context["request"].user
    held = Pick.objects.filter(status=Status.PUBLISHED).exclude(held="")
    exhausted = Subscription.objects.filter(status=Standing.EXHAUSTED, deleted_at=None)
    lists: list[tuple[str, Any, str]] = [
        ("Picks to review", Pick.objects.filter(status=Status.REVIEW), ""),
        ("Picks to settle", held, "?queue=settlement"),
        ("Tier requests", TierRequest.objects.filter(status=TierRequest.Status.WAITING), ""),
        ("Anchor rows to join", AnchorRow.objects.filter(fixture=None), ""),
        ("Exhausted webhooks", exhausted, "?status__exact=exhausted"),
    ]
    return {
        "waiting": [
            {"name": name, "count": rows.count(), "address": _list_of(rows.model) + query}
            for name, rows, query in lists
            if admin.site.is_registered(rows.model)
            and user.has_perm(f"{rows.model._meta.app_label}.view_{rows.model._meta.model_name}")
        ]
    }


def _list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
