"""The door of everything under /api/: who may come in, and the shape in which all of them leave."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.access.decisions import CAPPED, LIMITED, OK
from apps.access.ledger import LEDGERS
from apps.access.limiter import Admission
from apps.access.usage import UNCOUNTED, Window, note_error
from apps.api.answers import unless_known
from apps.api.auth import TooManyFailures, authenticate
from apps.api.bodies import read_away
from apps.api.errors import answer_to, error_code, in_our_shape, store_away
from apps.api.limits import limit_headers, rate_limited, refusal
from apps.api.pages import PAGES
from apps.core.postgres import POSTGRES
from apps.core.requests import request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]

ENDPOINTS = {"picks", "track-record", "match-analyses", "webhooks", UNCOUNTED}
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
# What other middleware says to browsers of pages; an answer has the same headers by whichever way it comes.
OF_PAGES = [
    *("Content-Security-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy"),
    *("Strict-Transport-Security", "X-Frame-Options"),
]
BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
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
        for name in OF_PAGES:
            del answer.headers[name]
        if answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            del answer.headers["Allow"]
        for name, value in EVERY_ANSWER.items():
            answer.headers[name] = value
        answer.headers.setdefault("Cache-Control", "no-store")
        if isinstance(answer, HttpResponse) and answer.status_code not in BODILESS:  # else it goes out in chunks
            answer.headers["Content-Length"] = str(len(answer.content))
        return answer

    return guarded


def serve(request: HttpRequest, get_response: GetResponse) -> HttpResponseBase:
    """The contract's order of checks, as far as it comes before the path."""
    request.META.pop("HTTP_COOKIE", None)  # a key is all that counts here: no session is read, renewed or ended
    if request.method == "OPTIONS":
        preflight = HttpResponse(status=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)
        del preflight.headers["Content-Type"]
        return preflight
    if request.path_info in OPEN_PATHS:
        return unless_known(request, in_our_shape(get_response(request), request))
    endpoint = endpoint_of(request.path_info)
    try:
        admission = authenticate(request, endpoint=endpoint, count=endpoint != UNCOUNTED, now=timezone.now())
    except TooManyFailures as error:
        return rate_limited(error.extra["retry_after_seconds"])
    answer = unless_known(request, refusal(admission) or served(request, get_response, endpoint))
    for name, value in limit_headers(admission):
        answer.headers[name] = value
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        note(answer, admission, request)
    return answer


def served(request: HttpRequest, get_response: GetResponse, endpoint: str) -> HttpResponseBase:
    """The answer of whatever the path leads to, kept if it may be; without PostgreSQL, what was kept."""
    generation = POSTGRES.generation  # before anything is read
    answer = store_away() if POSTGRES.away else led_to(request, get_response)
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        return PAGES.instead(request) or answer
    PAGES.keep(request, endpoint, answer, generation=generation)
    return answer


def led_to(request: HttpRequest, get_response: GetResponse) -> HttpResponseBase:
    """Failures too are answers to a request with a valid key."""
    try:
        return in_our_shape(get_response(request), request)
    except Exception as error:
        return answer_to(error, request)


def note(answer: HttpResponseBase, admission: Admission, request: HttpRequest) -> None:
    """Count and keep the error for the key's owner: now, or when Redis is back and counts the request itself."""
    held = admission.window
    limited = admission.decision in (LIMITED, CAPPED)
    tell = partial(
        note_error,
        who=admission.who,
        endpoint=admission.endpoint,
        request_id=request_id(request),
        status=answer.status_code,
        code=error_code(answer),
        window=Window(admission.limit, held.size, held.oldest or None, held.newest or None) if limited else None,
    )
    if admission.at:
        tell(at_ms=admission.at)
    elif admission.decision == OK:
        LEDGERS.open(admission.who).note_later(tell)


def endpoint_of(path: str) -> str:
    """Which endpoint a path asks, as usage is counted: its first word, `picks/{id}` and the like, or `other`."""
    first, slash, rest = path.removeprefix("/api/v1/").partition("/")
    if first not in ENDPOINTS or not path.startswith("/api/v1/") or (slash and not rest):
        return "other"
    if not slash:
        return first
    return "picks/stream" if (first, rest) == ("picks", "stream") else f"{first}/{{id}}"
