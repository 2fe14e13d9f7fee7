"""Staff need two factors: without a second one nothing of the admin opens, but the way to it is shown."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.queries import has_two_factors

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def two_factors(get_response: GetResponse) -> GetResponse:
    """Middleware: whatever lies under the admin's address asks for them, where settings.STAFF_TWO_FACTORS is on."""

    def guarded(request: HttpRequest) -> HttpResponseBase:
        if settings.STAFF_TWO_FACTORS and request.path_info.startswith(reverse("admin:index")):
            user = request.user
            if user.is_authenticated and not has_two_factors(user.pk):
                return render(request, "account/staff_need_two_factors.html", status=403)
        return get_response(request)

    return guarded
