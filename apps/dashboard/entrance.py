"""/dashboard, which every mail and document may name: to the organisation that was looked at last."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from apps.accounts.models import Membership
from apps.dashboard.doors import LAST


@never_cache
@login_required
def enter(request: HttpRequest, page: str = "keys") -> HttpResponse:
    """Lead on to this page of the person's organisation: the last one, else the oldest; without any, to make one."""
    mine = list(
        Membership.objects.filter(user=request.user.pk)
        .order_by("created_at", "pk")
        .values_list("organization", flat=True)
    )
    if not mine:
        return redirect("dashboard:new_organization")
    last = request.session.get(LAST)
    organization = next((each for each in mine if str(each) == last), mine[0])
    answer: HttpResponseRedirect = redirect(f"dashboard:{page}", organization)
    return answer
