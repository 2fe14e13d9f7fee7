"""Answers in JSON: the plain one, and the one that a caller who has it already need not be sent again."""

import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

JSON = "application/json"


def json_bytes(body: dict[str, Any]) -> bytes:
    """Compact JSON in UTF-8. ValueError for a number that JSON has no word for."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def json_answer(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return HttpResponse(json_bytes(body), status=status, content_type=JSON)


def tagged_answer(request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
    """200 with an ETag, or 304 without a body if the caller's If-None-Match names it, weak or strong."""
    content = json_bytes(body)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if names(request.headers.get("If-None-Match", ""), tag):
        answer = HttpResponse(status=304)
        del answer["Content-Type"]
    else:
        answer = HttpResponse(content, content_type=JSON)
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"  # keep it, but ask each time whether it still holds
    return answer


def names(if_none_match: str, tag: str) -> bool:
    asked = parse_etags(if_none_match)
    return asked == ["*"] or tag in {each.removeprefix("W/") for each in asked}
