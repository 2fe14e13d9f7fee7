"""Whose request is it, and may it come in? One Bearer key in one header, or the same 401 whatever was wrong."""

from datetime import datetime
from typing import cast

from django.http import HttpRequest

from apps.access.door import admit
from apps.access.failures import failed_from
from apps.access.keys import secret_in
from apps.access.limiter import Admission
from apps.access.models import ApiKey
from apps.accounts.audit import Actor, Kind
from apps.core.errors import AppError
from apps.core.requests import address_of

ADMISSION = "betedge.admission"  # where a request carries what was decided on it before it came here


class InvalidApiKey(AppError):
    code = "invalid_api_key"


class TooManyFailures(AppError):
    """More failed keys from one address than a minute may hold; `retry_after_seconds` in extra."""

    code = "rate_limit_exceeded"


class AdmittedRequest(HttpRequest):
    """A request that has passed the gate."""

    admission: Admission


def authenticate(request: HttpRequest, *, endpoint: str, count: bool, now: datetime) -> Admission:
    """Decide on the request and set `request.admission`, which may say that it is over a limit.

    InvalidApiKey without telling missing from unknown or revoked; TooManyFailures instead of it for an address that
    goes on failing. A good key from there still works.
    """
    secret = secret_in(request.META.get("HTTP_AUTHORIZATION", ""))
    admission: Admission | None = request.META.get(ADMISSION)
    if admission is None and secret is not None:
        admission = admit(secret=secret, endpoint=endpoint, count=count, now=now)
    if admission is None:
        wait = failed_from(address_of(request))
        if wait:
            raise TooManyFailures("Too many keys that do not work came from there.", retry_after_seconds=wait)
        raise InvalidApiKey("Send a working key in one header: Authorization: Bearer betedge_ and 64 hex digits.")
    cast(AdmittedRequest, request).admission = admission
    return admission


def admission_of(request: HttpRequest) -> Admission:
    """What the gate decided on the request."""
    return cast(AdmittedRequest, request).admission


def key_of(request: HttpRequest) -> ApiKey:
    """The key that the gate let in, read from PostgreSQL."""
    return ApiKey.objects.get(pk=admission_of(request).key_id)


def actor_of(request: HttpRequest) -> Actor:
    """The program that calls, as the audit log names it: by its key as it is shown."""
    key = key_of(request)
    return Actor(Kind.KEY, f"betedge_{key.prefix}…{key.last_four}", address=address_of(request) or None)
