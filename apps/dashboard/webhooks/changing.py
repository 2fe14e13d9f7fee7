"""Change a webhook's settings, rotate its secret, delete it."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.accounts.roles import Deed
from apps.core.errors import AppError
from apps.dashboard.doors import Visit, door
from apps.dashboard.shown import show
from apps.dashboard.webhooks.forms import Change, Ending
from apps.dashboard.webhooks.making import FIELD_OF
from apps.dashboard.webhooks.own import by_post, own, to_page
from apps.dashboard.webhooks.wording import words_of
from apps.webhooks.models import Subscription
from apps.webhooks.queries import changeable, secret_state, settings_state, status_of
from apps.webhooks.services import (
    PREVIOUS_VALID,
    ChangedMeanwhile,
    change_subscription,
    delete_subscription,
    rotate_secret,
)


@door(Deed.WEBHOOKS)
def settings(request: HttpRequest, visit: Visit, subscription_id: UUID) -> HttpResponse:
    """The settings, and saving them. What somebody else saved meanwhile is shown beside what was typed."""
    subscription = own(visit, subscription_id)
    if request.method != "POST":
        return settings_page(request, visit, subscription)
    sent, words = request.POST.copy(), dict[str, Any]()
    form = Change(sent)
    if form.is_valid():
        try:
            save(visit, subscription, form.cleaned_data)
        except ChangedMeanwhile:
            subscription = own(visit, subscription_id)
            sent["seen"] = settings_state(subscription)
            words["theirs"] = subscription
        except Subscription.DoesNotExist:
            raise Http404("It was deleted just now.") from None
        except AppError as error:
            form.add_error(FIELD_OF.get(error.code), str(error))
            words["same"] = error.extra.get("subscription_id")
        else:
            messages.success(request, "The settings are saved: they hold for whatever is sent from now on.")
            return to_page(subscription)
    return settings_page(request, visit, subscription, form=form, **words)


def save(visit: Visit, subscription: Subscription, asked: dict[str, Any]) -> None:
    """An URL that stays is not looked up again: its host need not be known just now."""
    change_subscription(
        subscription_id=subscription.pk,
        url=None if asked["url"] == subscription.url else asked["url"],
        events=asked["events"],
        expire_at_kickoff=asked["expire_at_kickoff"],
        seen=asked["seen"],
        now=timezone.now(),
        by=visit.actor,
    )


def settings_page(request: HttpRequest, visit: Visit, subscription: Subscription, **words: Any) -> HttpResponse:
    """All that can be changed of a webhook. words: forms that were sent and are shown again, and why."""
    now = timezone.now()
    around = {
        "subscription": subscription,
        "status": status_of(subscription, now=now),
        "stands": words_of(subscription, now=now),
        "form": Change(initial={**changeable(subscription), "seen": settings_state(subscription)}),
        "ending": Ending(host=host_of(subscription)),
        "host": host_of(subscription),
        "secret_state": secret_state(subscription),
        "both_sign": subscription.previous_until is not None and subscription.previous_until > now,
    }
    return show(request, visit, "dashboard/webhooks/settings.html", {**around, **words})


@by_post
def rotate(request: HttpRequest, visit: Visit, subscription: Subscription) -> HttpResponse:
    """Show the new secret; to a form that arrives a second time, when it was shown."""
    words: dict[str, Any] = {"subscription": subscription}
    try:
        words["subscription"], words["secret"] = rotate_secret(
            subscription_id=subscription.pk, seen=request.POST.get("seen", ""), now=timezone.now(), by=visit.actor
        )
    except ChangedMeanwhile:
        until = own(visit, subscription.pk).previous_until
        words["rotated_at"] = until and until - PREVIOUS_VALID
        return show(request, visit, "dashboard/webhooks/rotated_already.html", words, status=409)
    return show(request, visit, "dashboard/webhooks/rotated.html", words)


@by_post
def delete(request: HttpRequest, visit: Visit, subscription: Subscription) -> HttpResponse:
    ending = Ending(request.POST, host=host_of(subscription))
    if not ending.is_valid():
        return settings_page(request, visit, subscription, ending=ending)
    delete_subscription(subscription_id=subscription.pk, now=timezone.now(), by=visit.actor)
    messages.success(request, f"The webhook to {host_of(subscription)} is deleted: nothing more is sent to it.")
    return redirect("dashboard:webhooks", visit.organization.pk)


def host_of(subscription: Subscription) -> str:
    return urlsplit(subscription.compared_url).hostname or subscription.compared_url
