"""What a request is known by: its id, the caller's own or one of ours."""

import re
import secrets

from django.http import HttpRequest

HEADER = "X-Request-Id"
ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
KEPT_IN = "betedge.request_id"


def name_request(request: HttpRequest) -> str:
    """Give the request its id: the caller's if it is 1 to 64 of A-Za-z0-9._-, else 32 new hex digits."""
    asked = request.META.get("HTTP_X_REQUEST_ID")
    request.META[KEPT_IN] = asked if asked and ACCEPTABLE.fullmatch(asked) else secrets.token_hex(16)
    return request_id(request)


def request_id(request: HttpRequest) -> str:
    """The id that `name_request` gave; empty for a request that never passed it."""
    return str(request.META.get(KEPT_IN, ""))
