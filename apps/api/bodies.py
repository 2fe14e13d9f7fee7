"""What a caller sends: at most 64 KiB of JSON are taken; what else is on the line is read away before the answer."""

import json
from typing import Any, NoReturn, Protocol, cast

from django.http import HttpRequest
from django.http.request import UnreadablePostError
from rest_framework.exceptions import UnsupportedMediaType

from apps.core.errors import AppError

WITH_BODY = {"POST", "PUT", "PATCH"}  # methods
MOST_TAKEN = 64 * 1024
MOST_READ_AWAY = 8 * 1024 * 1024
CHUNK = 64 * 1024


class PayloadTooLarge(AppError):
    code = "payload_too_large"


class InvalidRequest(AppError):
    code = "invalid_request"


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def source(request: HttpRequest) -> Readable:
    """Where the body comes from: the server's own stream if that one ends by itself.

    Django reads Content-Length bytes at most, so a chunked body looks empty to it.
    """
    return cast(Readable, request.META["wsgi.input"] if request.META.get("wsgi.input_terminated") else request)


def has_body(environ: dict[str, Any]) -> bool:
    """Whether a request's headers announce one."""
    return environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ


def take(request: HttpRequest) -> bytes:
    """The whole body; empty if there is none. PayloadTooLarge over 64 KiB."""
    if not has_body(request.META):
        return b""
    stream, taken = source(request), b""
    while len(taken) <= MOST_TAKEN and (chunk := stream.read(MOST_TAKEN + 1 - len(taken))):
        taken += chunk
    if len(taken) > MOST_TAKEN:
        raise PayloadTooLarge("The body may hold 64 KiB at most.")
    return taken


def json_object(body: bytes, *, content_type: str | None) -> dict[str, Any]:
    """The object a body holds; no body is an empty one. UnsupportedMediaType unless it is declared as JSON.

    InvalidRequest for what is not JSON in UTF-8, is not an object, or is nested past reading.
    """
    if not body:
        return {}
    if (content_type or "").lower() != "application/json":
        raise UnsupportedMediaType(content_type or "")
    try:
        found = json.loads(body.decode(), parse_constant=no_such_number)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The body is not JSON in UTF-8.") from error
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return found


def no_such_number(word: str) -> NoReturn:
    raise ValueError(f"JSON has no {word}")


def read_away(request: HttpRequest) -> None:
    """Take in what nobody read, up to 8 MiB: answering early makes the front reuse a broken connection.

    What is longer stays unread, for which the server closes the connection.
    """
    if not has_body(request.META):
        return
    stream, left = source(request), MOST_READ_AWAY
    try:
        while left > 0 and (chunk := stream.read(min(left, CHUNK))):
            left -= len(chunk)
    except (OSError, UnreadablePostError):
        return  # the caller has gone
