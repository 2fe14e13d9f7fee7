"""Answers in JSON: the plain one, and the one that a caller who has it already need not be sent again."""

import hashlib
import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags

JSON = "application/json"
ASK_EACH_TIME = "private, no-cache"  # keep it, but ask each time whether it still holds


def json_bytes(body: dict[str, Any]) -> bytes:
    """Compact JSON in UTF-8. ValueError for a number that JSON has no word for."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def json_answer(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return HttpResponse(json_bytes(body), status=status, content_type=JSON)


def tagged_answer(body: dict[str, Any]) -> HttpResponse:
    """200 with an ETag, by which the gate can spare the caller what it has already."""
    content = json_bytes(body)
    return tagged_bytes(content, tag=tag_of(content))


def tagged_bytes(content: bytes, *, tag: str) -> HttpResponse:
    """The same, of JSON that is written already; `tag`: its tag_of."""
    return HttpResponse(content, content_type=JSON, headers={"ETag": tag, "Cache-Control": ASK_EACH_TIME})


def tag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def unless_known(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    """The answer, or 304 without a body if the caller's If-None-Match names its ETag."""
    tag = answer.headers.get("ETag")
    if tag is None or answer.status_code != HTTPStatus.OK or not is_known(request.META, tag):
        return answer
    known = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    del known.headers["Content-Type"]
    known.headers["ETag"] = tag
    known.headers["Cache-Control"] = answer.headers["Cache-Control"]
    return known


def is_known(environ: dict[str, Any], tag: str) -> bool:
    """Whether the caller's If-None-Match names this ETag, weak or strong."""
    if_none_match = environ.get("HTTP_IF_NONE_MATCH")
    if if_none_match is None:
        return False
    asked = parse_etags(if_none_match)
    return asked == ["*"] or tag in {each.removeprefix("W/") for each in asked}
