"""The front page for everybody, signed in or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from apps.dashboard.front.facts import KEPT_SECONDS, TEMPLATE, begun, words, written

CLOSED = ("/accounts/", "/admin/", "/api/", "/dashboard")  # to crawlers: nothing there is for them


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """What BetEdge is, how it did, and how to begin. What visitors see may be kept as long as the facts are."""
    now = timezone.now()
    if request.user.is_authenticated:
        answer = render(request, TEMPLATE, words(now=now))
        patch_cache_control(answer, private=True, no_store=True)
    else:
        answer = HttpResponse(written(begun(now)))
        patch_cache_control(answer, public=True, max_age=KEPT_SECONDS)
    patch_vary_headers(answer, ["Cookie"])
    return answer


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
