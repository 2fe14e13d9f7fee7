"""A request for a stream, answered as web answers every other: the same gate, the same words, in a thread."""

from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.api.gate import gate
from apps.api.v1.base import no_such_path
from apps.api.v1.stream import Stream
from apps.core.health import healthz
from apps.core.middleware import request_id

PATH = "/api/v1/picks/stream"
VIEW = Stream.as_view()


def led_to(request: HttpRequest) -> HttpResponseBase:
    if request.path_info == "/healthz":
        return healthz(request)
    if request.path_info != PATH:
        return no_such_path(request)
    request.get_host()  # refuses what is not ours, as web does
    return VIEW(request)


DOOR = request_id(gate(led_to))


def answer_to(scope: dict[str, Any], body: bytes) -> HttpResponseBase:
    """The answer, or an Opening. The thread's database connection is given back."""
    try:
        return DOOR(ASGIRequest(scope, BytesIO(body)))
    finally:
        connections.close_all()


def head_of(answer: HttpResponseBase) -> dict[str, Any]:
    """Status and headers as ASGI has them."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()]
    return {"type": "http.response.start", "status": answer.status_code, "headers": headers}
