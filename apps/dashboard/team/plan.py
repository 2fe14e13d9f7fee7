"""The plan's page: the tiers side by side, what is used of the own one, and the wish for another."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.access.pace import month_of, reaches_cap_at
from apps.access.queries import month_used, working
from apps.accounts.models import Organization
from apps.accounts.queries import answered_requests, waiting_request
from apps.accounts.roles import Deed
from apps.accounts.tier_requests import request_tier, withdraw_request
from apps.accounts.tiers import OPENS, TIERS, reaches
from apps.dashboard.doors import Visit, door
from apps.dashboard.shown import show
from apps.dashboard.team.deeds import done, done_by, sent_to
from apps.dashboard.team.downgrade import what_stops
from apps.dashboard.team.forms import TierForm

ANSWERS_SHOWN = 10


@door()
def plan(request: HttpRequest, visit: Visit) -> HttpResponse:
    now = timezone.now()
    words = {
        "tiers": side_by_side(visit.organization),
        "usage": usage_of(visit.organization, now=now),
        "waiting": waiting_request(visit.organization),
        "answered": list(answered_requests(visit.organization)[:ANSWERS_SHOWN]),
    }
    return show(request, visit, "dashboard/plan.html", words)


@door(Deed.PLAN)
def ask(request: HttpRequest, visit: Visit, tier: str) -> HttpResponse:
    """Ask for this tier; for a lower one, what stops is shown first."""
    organization = visit.organization
    if tier not in TIERS:
        raise Http404("There is no such tier.")
    if tier == organization.tier:
        messages.info(request, f"{organization.name} is on this tier already.")
        return redirect("dashboard:plan", organization.pk)
    form = TierForm(request.POST or None)
    if request.method == "POST" and done_by(
        form,
        lambda: request_tier(
            organization=organization, tier=tier, note=form.cleaned_data["note"], by=visit.actor, now=timezone.now()
        ),
    ):
        messages.success(request, "Your request is with us; the owners get a mail when it is answered.")
        return redirect("dashboard:plan", organization.pk)
    down = reaches(organization.tier, tier)
    words = {
        "form": form,
        "tier": TIERS[tier],
        "opens": OPENS[tier],
        "stops": what_stops(organization, tier, now=timezone.now()) if down else None,
    }
    return show(request, visit, "dashboard/plan_ask.html", words)


@door(Deed.PLAN)
@sent_to("dashboard:plan")
def withdraw(request: HttpRequest, visit: Visit) -> HttpResponse:
    done(
        request,
        lambda: withdraw_request(organization=visit.organization, by=visit.actor, now=timezone.now()),
        "The request is withdrawn.",
    )
    return redirect("dashboard:plan", visit.organization.pk)


def side_by_side(organization: Organization) -> list[dict[str, Any]]:
    """Each tier with all that it opens, in the order of their ranks, and how it stands to the organisation's."""
    everything = [each for openings in OPENS.values() for each in openings]
    opened = {slug: {each.path for below in TIERS if reaches(slug, below) for each in OPENS[below]} for slug in TIERS}
    return [
        {
            "tier": tier,
            "current": tier.slug == organization.tier,
            "lower": tier.rank < TIERS[organization.tier].rank,
            "opens": [(each, each.path in opened[tier.slug]) for each in everything],
        }
        for tier in TIERS.values()
    ]


def usage_of(organization: Organization, *, now: datetime) -> dict[str, Any]:
    """What it uses of its tier this month; `reached`: when the month's cap is, at this pace, if it is."""
    tier, used = TIERS[organization.tier], month_used(organization.pk, now)
    return {
        "tier": tier,
        "used": used,
        "left": max(tier.monthly - used, 0),
        "keys": working(now=now).filter(organization=organization).count(),
        "resets": month_of(now)[1],
        "reached": reaches_cap_at(used, tier.monthly, now),
    }
