"""Every error under /api/ in the contract's one shape, whatever raised it."""

import json
from http import HTTPStatus
from typing import Any

import redis
import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from rest_framework import exceptions as drf

from apps.api.answers import JSON, json_answer
from apps.core.errors import PUBLIC_STATUS, AppError
from apps.core.requests import request_id

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 5
HOUR = 3_600  # seconds
HEADERS = {
    "invalid_api_key": {"WWW-Authenticate": "Bearer"},
    "service_unavailable": {"Retry-After": str(RETRY_AFTER_SECONDS)},
    "stream_limit": {"Retry-After": str(RETRY_AFTER_SECONDS)},
    "subscription_limit": {"Retry-After": str(HOUR)},  # no waiting helps: one must be deleted
}
STORE_AWAY = (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError)

AWAY = "service_unavailable", "A store cannot be reached; try again in some seconds."

# What Django or DRF says in its own words -> our code and sentence. Looked through in this order.
TRANSLATIONS: list[tuple[type[Exception] | tuple[type[Exception], ...], str, str]] = [
    ((Http404, drf.NotFound), "not_found", "There is nothing here."),
    (drf.MethodNotAllowed, "method_not_allowed", "This path does not take that method; Allow lists those it takes."),
    (drf.UnsupportedMediaType, "unsupported_media_type", "Send the body as application/json."),
    (RequestDataTooBig, "payload_too_large", "The body may hold 64 KiB at most."),
    (
        (drf.ParseError, SuspiciousOperation, UnreadablePostError),
        "invalid_request",
        "The request cannot be read; check its host, its parameters and its body.",
    ),
    (STORE_AWAY, *AWAY),
]


def error_answer(code: str, message: str, **extra: Any) -> HttpResponse:
    """The one shape: a code for programs, a sentence for people, the code's own fields. KeyError if not public."""
    answer = json_answer({"error": code, "message": message, **extra}, status=PUBLIC_STATUS[code])
    for name, value in HEADERS.get(code, {}).items():
        answer[name] = value
    return answer


def store_away() -> HttpResponse:
    return error_answer(*AWAY)


def error_code(answer: HttpResponseBase) -> str:
    """The code in an error of ours."""
    return str(json.loads(getattr(answer, "content", b"") or b"{}").get("error", "internal_error"))


def answer_to(error: Exception, request: HttpRequest) -> HttpResponse:
    """The answer to anything raised while serving. What nobody foresaw is logged in full, and told by its id only."""
    if isinstance(error, AppError) and error.code in PUBLIC_STATUS and error.code != "internal_error":
        return error_answer(error.code, str(error), **error.extra)
    if isinstance(error, drf.ValidationError):
        return parameter_answer(error)
    for kinds, code, message in TRANSLATIONS:
        if isinstance(error, kinds):
            if code == "service_unavailable":
                log.error("store away", path=request.path, error=type(error).__name__, reason=str(error))
            return error_answer(code, message)
    log.error("request failed", path=request.path, method=request.method, exc_info=error)
    return internal_error(request)


def internal_error(request: HttpRequest) -> HttpResponse:
    return error_answer(
        "internal_error",
        "Something failed on our side; try again later, and quote the request id if it stays.",
        request_id=request_id(request),
    )


def parameter_answer(error: drf.ValidationError) -> HttpResponse:
    """The first parameter that cannot be read. A field that has a code of its own answers with it."""
    detail: Any = error.detail  # {parameter: [ErrorDetail, …]}, in the order of the serializer's fields
    name, (reason, *_) = next(iter(detail.items()))
    message = f"{name}: {reason}"
    if reason.code in PUBLIC_STATUS:
        return error_answer(reason.code, message)
    return error_answer("invalid_parameter", message, parameter=name)


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's hook: nothing raised in a view goes further."""
    return answer_to(error, context["request"])


def in_our_shape(answer: HttpResponseBase, request: HttpRequest) -> HttpResponseBase:
    """Replace what Django wrote itself: its error pages, and the redirects with which it would mend a path."""
    status = answer.status_code
    if status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.NOT_MODIFIED:
        return answer
    if answer.headers.get("Content-Type") == JSON:
        return answer
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return internal_error(request)
    if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.NOT_FOUND:
        return error_answer("not_found", "There is nothing here.")
    return error_answer("invalid_request", "The request cannot be read; check its host, its parameters and its body.")
