"""For the tests of sign-in: limits that begin anew, and a browser."""

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.accounts.people import Browser


@pytest.fixture(autouse=True)
def _limits_begin_anew(redis: Any) -> None:
    """What the limits counted is in Redis, which that fixture empties."""


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hashing one takes half a second otherwise."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def browser() -> "Browser":
    from tests.accounts.people import Browser  # Django's settings are read only now

    return Browser()


class Clock:
    """The time by which allauth's limits count."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def forward(self, *, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock, now = Clock(), time.time
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: now() + clock.ahead)
    return clock
