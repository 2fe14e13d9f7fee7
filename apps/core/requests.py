"""What a request is known by: its id, the caller's own or one of ours, and the address it comes from."""

import re
import secrets
from ipaddress import ip_address
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest

HEADER = "X-Request-Id"
ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
KEPT_IN = "betedge.request_id"


def name_request(environ: dict[str, Any]) -> str:
    """Give a request its id, in every line that is logged until the next one too; one that has an id keeps it.

    The caller's if it is 1 to 64 of A-Za-z0-9._-, else 32 new hex digits.
    """
    name = environ.get(KEPT_IN)
    if name is None:
        asked = environ.get("HTTP_X_REQUEST_ID")
        name = environ[KEPT_IN] = asked if asked and ACCEPTABLE.fullmatch(asked) else secrets.token_hex(16)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=name)
    return str(name)


def request_id(request: HttpRequest) -> str:
    """The id that `name_request` gave; empty for a request that never passed it."""
    return str(request.META.get(KEPT_IN, ""))


def address_of(request: HttpRequest) -> str:
    """Where the request comes from: what the outermost of our own proxies saw. What stands before it may be forged.

    Empty where that is no IP address, or one of this machine's alone: logs and limits take nothing else.
    """
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    trusted = hops[-settings.TRUSTED_PROXIES :] if settings.TRUSTED_PROXIES else []
    try:
        found = ip_address(trusted[0] if trusted else request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return ""
    return "" if getattr(found, "scope_id", None) else str(found)
