"""Callers of the API: one on each tier, and one who may send anything."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

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
