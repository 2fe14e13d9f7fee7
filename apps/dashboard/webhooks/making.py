"""Make a webhook, and show its secret: once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.access.queries import working
from apps.accounts.roles import Deed
from apps.core.errors import AppError
from apps.dashboard.doors import Visit, door
from apps.dashboard.shown import show
from apps.dashboard.webhooks.forms import NewWebhook
from apps.webhooks.queries import opens_webhooks, subscriptions_of_organization
from apps.webhooks.services import DuplicateUrl, MadeAlready, SubscriptionLimit, create_subscription
from apps.webhooks.urls import InvalidUrl

FIELD_OF = {InvalidUrl.code: "url", DuplicateUrl.code: "url", SubscriptionLimit.code: "key"}


@door(Deed.WEBHOOKS)
def new(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The form; its answer shows the secret, unless it arrives a second time."""
    now = timezone.now()
    if not opens_webhooks(visit.organization):
        return redirect("dashboard:webhooks", visit.organization.pk)
    keys = working(now=now).filter(organization=visit.organization)
    form = NewWebhook(request.POST if request.method == "POST" else None, keys=keys)
    words = {"form": form, "keys": keys}
    if form.is_valid():
        asked = form.cleaned_data
        try:
            subscription, secret = create_subscription(
                subscription_id=asked.pop("id"), now=now, by=visit.actor, **asked
            )
        except MadeAlready:
            return made_already(request, visit, form)
        except AppError as error:
            form.add_error(FIELD_OF.get(error.code), str(error))
            words["same"] = error.extra.get("subscription_id")
        else:
            made = {"subscription": subscription, "secret": secret}
            return show(request, visit, "dashboard/webhooks/made.html", made)
    return show(request, visit, "dashboard/webhooks/new.html", words)


def made_already(request: HttpRequest, visit: Visit, form: NewWebhook) -> HttpResponse:
    """What there is to say to a form that was sent twice; the webhook may be deleted by now."""
    made = subscriptions_of_organization(visit.organization).filter(pk=form.data["id"]).first()
    return show(request, visit, "dashboard/webhooks/made_already.html", {"subscription": made}, status=409)
