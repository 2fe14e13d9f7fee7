"""Whose request is it? One Bearer key in one Authorization header, or the same 401 whatever was wrong."""

from datetime import datetime
from typing import cast

from django.http import HttpRequest

from apps.access.keys import secret_in
from apps.access.models import ApiKey
from apps.access.queries import working_key
from apps.core.errors import AppError


class InvalidApiKey(AppError):
    code = "invalid_api_key"


class KeyedRequest(HttpRequest):
    """A request that has passed the gate."""

    api_key: ApiKey


def authenticate(request: HttpRequest, *, now: datetime) -> None:
    """Set `request.api_key`, its organisation loaded. InvalidApiKey without telling missing from unknown or revoked."""
    secret = secret_in(request.META.get("HTTP_AUTHORIZATION", ""))
    key = working_key(secret=secret, now=now) if secret else None
    if key is None:
        raise InvalidApiKey("Send a working key in one header: Authorization: Bearer betedge_ and 64 hex digits.")
    cast(KeyedRequest, request).api_key = key


def key_of(request: HttpRequest) -> ApiKey:
    """The key that the gate found."""
    return cast(KeyedRequest, request).api_key
