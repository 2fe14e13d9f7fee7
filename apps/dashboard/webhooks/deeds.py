"""What is done to a webhook from its page: test, pause, resume, enable and resend, send one delivery again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.core.errors import AppError
from apps.dashboard.doors import Visit
from apps.dashboard.webhooks.own import by_post, to_page
from apps.dashboard.webhooks.wording import several
from apps.webhooks import services
from apps.webhooks.models import Standing, Subscription
from apps.webhooks.queries import DISABLED, status_of


@by_post
def test(request: HttpRequest, visit: Visit, subscription: Subscription) -> HttpResponse:
    """Send a test and wait for the answer: shown in place where htmx asks, else on the page of its delivery."""
    in_place = "HX-Request" in request.headers
    try:
        tested = services.send_test(subscription_id=subscription.pk, now=timezone.now())
    except AppError as error:
        if in_place:
            return render(request, "dashboard/webhooks/tested.html", {"error": str(error)})
        raise
    if in_place:
        words = {"tested": tested, "subscription": subscription, "organization": visit.organization}
        return render(request, "dashboard/webhooks/tested.html", words)
    return redirect("dashboard:delivery", visit.organization.pk, subscription.pk, tested.delivery_id)


@by_post
def pause(request: HttpRequest, visit: Visit, subscription: Subscription) -> HttpResponse:
    changed = services.change_subscription(
        subscription_id=subscription.pk, paused=True, now=timezone.now(), by=visit.actor
    )
    if changed.status == Standing.PAUSED:
        messages.success(request, "The webhook is paused: nothing is sent to it until you resume it.")
    else:
        messages.warning(request, f"The webhook is {changed.status}: nothing is sent to it anyway.")
    return to_page(subscription)


@by_post
def resume(request: HttpRequest, visit: Visit, subscription: Subscription) -> HttpResponse:
    changed = services.change_subscription(
        subscription_id=subscription.pk, paused=False, now=timezone.now(), by=visit.actor
    )
    if changed.status == Standing.ACTIVE:
        messages.success(request, "The webhook is active: what happens from now on is sent to it.")
    else:
        messages.warning(request, "The webhook is exhausted: enable it instead.")
    return to_page(subscription)


@by_post
def enable(request: HttpRequest, visit: Visit, subscription: Subscription) -> HttpResponse:
    """Enable an exhausted one; of one that is not exhausted (any more) only say how it stands."""
    now = timezone.now()
    status = status_of(subscription, now=now)
    if status != Standing.EXHAUSTED:
        stands = f"The webhook is {status}" + (": see below what to do." if status == DISABLED else " already.")
        messages.warning(request, f"{stands} Nothing was changed.")
        return to_page(subscription)
    _enabled, resent = services.enable_subscription(subscription_id=subscription.pk, now=now, by=visit.actor)
    sent = f"The {several(resent, 'event')} it missed {'is' if resent == 1 else 'are'} sent again now."
    messages.success(request, f"The webhook is active. {sent if resent else 'It had missed nothing.'}")
    return to_page(subscription)


@by_post
def redeliver(request: HttpRequest, visit: Visit, subscription: Subscription, delivery_id: UUID) -> HttpResponse:
    try:
        services.redeliver(
            subscription_id=subscription.pk,
            delivery_id=delivery_id,
            seen=request.POST.get("seen", ""),
            now=timezone.now(),
            by=visit.actor,
        )
    except AppError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is sent again now, with every retry. Reload this page to see what comes of it.")
    return redirect("dashboard:delivery", visit.organization.pk, subscription.pk, delivery_id)
