"""What a request is known by: its id, the caller's own or one of ours."""

import re
import uuid

from django.http import HttpRequest

HEADER = "X-Request-Id"
ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
KEPT_IN = "betedge.request_id"


def name_request(request: HttpRequest) -> str:
    """Give the request its id: the caller's if it is 1 to 64 of A-Za-z0-9._-, else 32 new hex digits."""
    asked = request.headers.get(HEADER, "")
    request.META[KEPT_IN] = asked if ACCEPTABLE.fullmatch(asked) else uuid.uuid4().hex
    return request_id(request)


def request_id(request: HttpRequest) -> str:
    """The id that `name_request` gave; empty for a request that never passed it."""
    return str(request.META.get(KEPT_IN, ""))
