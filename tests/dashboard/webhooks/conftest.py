"""An organisation with a key, a webhook, and its people before a browser. Django is set up only after this is read."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from apps.access.models import ApiKey
    from apps.accounts.models import Organization
    from apps.webhooks.models import Subscription
    from tests.webhooks.delivering import Post


@pytest.fixture
def acme(db: None) -> "Organization":
    from tests.factories import OrganizationFactory

    return OrganizationFactory(name="Acme", tier="growth")


@pytest.fixture
def key(acme: "Organization") -> "ApiKey":
    from tests.factories import ApiKeyFactory

    return ApiKeyFactory(organization=acme, name="Production")


@pytest.fixture
def webhook(key: "ApiKey") -> "Subscription":
    from django.utils import timezone

    from tests.webhooks.delivering import subscribed

    return subscribed(key=key, now=timezone.now())


@pytest.fixture
def owner(acme: "Organization") -> "Client":
    from tests.dashboard.people import person, signed_in

    return signed_in(person("olga@acme.example", acme))


@pytest.fixture
def viewer(acme: "Organization") -> "Client":
    from tests.dashboard.people import person, signed_in

    return signed_in(person("vera@acme.example", acme, role="viewer"))


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> "Post":
    """Tests are sent to it."""
    from django.utils import timezone

    from tests.webhooks.delivering import Clock, Post

    post = Post(Clock(timezone.now()))
    monkeypatch.setattr("apps.webhooks.services.sender", lambda: post)
    return post
