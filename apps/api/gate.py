"""The door of everything under /api/: who may come in, and the shape in which all of them leave."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.api.auth import authenticate
from apps.api.bodies import read_away
from apps.api.errors import answer_to, in_our_shape

GetResponse = Callable[[HttpRequest], HttpResponseBase]

OPEN_PATHS = {"/api/v1/openapi.json"}
EVERY_ANSWER = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ", ".join(
        [
            *(f"X-RateLimit-{part}" for part in ("Limit", "Remaining", "Reset")),
            *(f"X-Quota-{part}" for part in ("Limit", "Remaining", "Reset")),
            "X-Request-Id",
            "Retry-After",
            "ETag",
        ]
    ),
    "X-Content-Type-Options": "nosniff",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def gate(get_response: GetResponse) -> GetResponse:
    """Middleware: the key before anything else, then the answer in JSON and readable from any origin."""

    def guarded(request: HttpRequest) -> HttpResponseBase:
        if request.path_info != "/api" and not request.path_info.startswith("/api/"):
            return get_response(request)
        try:
            answer = serve(request, get_response)
        except Exception as error:
            answer = answer_to(error, request)
        read_away(request)
        for name, value in EVERY_ANSWER.items():
            answer[name] = value
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    return guarded


def serve(request: HttpRequest, get_response: GetResponse) -> HttpResponseBase:
    """The contract's order of checks, as far as it comes before the path."""
    request.META.pop("HTTP_COOKIE", None)  # a key is all that counts here: no session is read, renewed or ended
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=PREFLIGHT)
    if request.path_info not in OPEN_PATHS:
        authenticate(request, now=timezone.now())
        # Admission, the hourly limit and the monthly cap, goes here: the key is known, its path not yet looked at.
    return in_our_shape(get_response(request), request)
