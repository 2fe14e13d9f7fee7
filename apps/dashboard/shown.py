"""A page of the dashboard around what a view has to say: the organisation, its menu, and what is wrong there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership
from apps.dashboard.menu import MENU
from apps.webhooks.models import Standing, Subscription
from apps.webhooks.queries import status_of, subscriptions_of_organization

if TYPE_CHECKING:
    from apps.dashboard.doors import Visit


def show(
    request: HttpRequest, visit: "Visit", template: str, words: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page of this template; it finds `visit`, `now`, `menu`, `others` and `exhausted` beside its own words."""
    around = {
        "visit": visit,
        "organization": visit.organization,
        "now": timezone.now(),
        "menu": menu_of(request, visit),
        "others": others(visit),
        "exhausted": exhausted(visit),
    }
    return render(request, template, {**around, **(words or {})}, status=status)


def menu_of(request: HttpRequest, visit: "Visit") -> list[dict[str, Any]]:
    """The menu's entries that this role may open: name, address, and whether this page is it or lies below it."""
    entries = []
    for name, url_name, deed in MENU:
        if visit.may(deed):
            address = reverse(f"dashboard:{url_name}", args=[visit.organization.pk])
            entries.append({"name": name, "address": address, "here": request.path.startswith(address)})
    return entries


def exhausted(visit: "Visit") -> list[Subscription]:
    """Webhooks that wait to be enabled: one whose key has ended, or whose tier has none, would gain nothing by it."""
    now = timezone.now()
    stopped = subscriptions_of_organization(visit.organization).filter(status=Standing.EXHAUSTED)
    return [each for each in stopped if status_of(each, now=now) == Standing.EXHAUSTED]


def others(visit: "Visit") -> list[Membership]:
    """The person's other organisations, for the switcher."""
    mine = Membership.objects.filter(user=visit.user).exclude(organization=visit.organization)
    return list(mine.select_related("organization").order_by("organization__name"))
