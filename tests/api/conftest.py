"""Callers of the API: one on each tier, and one who may send anything."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.webhooks.guard import Unresolved
from tests.webhooks.conftest import authority, nothing_outside, receivers, sender_to

__all__ = ["authority", "nothing_outside", "receivers", "sender_to"]
PUBLIC = "93.184.215.14"
Call = Callable[..., HttpResponse]


@pytest.fixture
def client() -> Client:
    """Sees the answers to failures that a browser would see, instead of the exceptions."""
    return Client(raise_request_exception=False)


@pytest.fixture
def secret(db: None) -> str:
    from tests.factories import ApiKeyFactory  # pytest loads this file before Django's apps are

    return str(ApiKeyFactory().secret)


@pytest.fixture
def call(client: Client, secret: str) -> Call:
    """GET a path under /api/v1 on Enterprise: `call("/picks", sport="soccer")`."""

    def get(path: str, *, headers: dict[str, str] | None = None, **parameters: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {secret}", **(headers or {})}
        return client.get(f"/api/v1{path}", parameters, headers=headers)

    return get


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names resolve to when a webhook is registered, an empty list for nothing; others are on the internet."""
    from apps.webhooks.installed import guard  # which reads Django's settings

    known: dict[str, list[str]] = {}

    def look_up(host: str, _port: int, _seconds: float) -> list[str]:
        if found := known.get(host, [PUBLIC]):
            return found
        raise Unresolved(f"The name {host} does not resolve.")

    installed = replace(guard(), look_up=look_up)
    for user in ("apps.api.v1.webhooks", "apps.webhooks.services"):
        monkeypatch.setattr(f"{user}.guard", lambda: installed)
    return known
