"""Find an organisation's own webhook, and do things to it by POST alone."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.roles import Deed
from apps.core.errors import AppError
from apps.dashboard.doors import View, Visit, door
from apps.webhooks.models import Delivery, Subscription
from apps.webhooks.queries import subscriptions_of_organization

P = ParamSpec("P")
GONE = (Subscription.DoesNotExist, Delivery.DoesNotExist)


def own(visit: Visit, subscription_id: UUID) -> Subscription:
    """The organisation's webhook with this id; Http404 where it is another's, deleted, or none."""
    found = subscriptions_of_organization(visit.organization).filter(pk=subscription_id).first()
    if found is None:
        raise Http404("The organisation has no webhook at this address; it may have been deleted.")
    return found


def to_page(subscription: Subscription) -> HttpResponse:
    """Lead to the webhook's page."""
    return redirect("dashboard:webhook", subscription.key.organization_id, subscription.pk)


def by_post(view: Callable[Concatenate[HttpRequest, Visit, Subscription, P], HttpResponse]) -> View[...]:
    """A door behind which something is done to a webhook. What an AppError says is shown on the webhook's page.

    Who comes by GET, as one does who had to sign in again first, is led to that page: nothing is done unasked.
    """

    @door(Deed.WEBHOOKS)
    @wraps(view)
    def done(request: HttpRequest, visit: Visit, subscription_id: UUID, *args: Any, **kwargs: Any) -> HttpResponse:
        subscription = own(visit, subscription_id)
        if request.method != "POST":
            return to_page(subscription)
        try:
            return view(request, visit, subscription, *args, **kwargs)
        except GONE:
            raise Http404("It was deleted just now.") from None
        except AppError as error:
            messages.error(request, str(error))
            return to_page(subscription)

    return done
