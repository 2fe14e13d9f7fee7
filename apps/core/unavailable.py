"""What a page says while a store is away, or when something broke: a sentence, in our look, that says what to do."""

import sys
from collections.abc import Callable

import redis
import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from apps.core.requests import request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]
AWAY = (redis.ConnectionError, redis.TimeoutError, OperationalError, InterfaceError)
AGAIN_SECONDS = 60

log = structlog.get_logger(__name__)


def unavailable(get_response: GetResponse) -> GetResponse:
    """Middleware: a view that meets a store that is away answers 503. No limit is lifted meanwhile."""

    def passing(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, AWAY):
            return None
        log.error("a store is away", path=request.path, error=type(error).__name__)
        return away()

    passing.process_exception = process_exception  # type: ignore[attr-defined]
    return passing


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: also for what other middleware met, on the way to a view or back."""
    if isinstance(sys.exception(), AWAY):
        return away()
    return HttpResponse(render_to_string("500.html", {"request_id": request_id(request)}), status=500)


def away() -> HttpResponse:
    """Made without the request: to ask who is signed in would ask a store."""
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": AGAIN_SECONDS})
