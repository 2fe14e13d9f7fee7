"""All webhooks of an organisation: how each stands, and how its last day was."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.dashboard.doors import Visit, door
from apps.dashboard.shown import show
from apps.dashboard.webhooks.wording import words_of
from apps.webhooks.queries import last_day, opens_webhooks, subscriptions_of_organization

A_PAGE = 25


@door()
def webhooks(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The list, oldest first; without webhooks, how to come by one."""
    now = timezone.now()
    page = Paginator(subscriptions_of_organization(visit.organization), A_PAGE).get_page(request.GET.get("page"))
    days = last_day(list(page), now=now)
    rows = [{"webhook": each, "stands": words_of(each, now=now), "day": days[each.pk]} for each in page]
    words = {"page": page, "rows": rows, "open": opens_webhooks(visit.organization)}
    return show(request, visit, "dashboard/webhooks/list.html", words)
