"""What webhooks answer is what the description says, and everything it says is met."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from apps.webhooks import services
from apps.webhooks.models import MOST_SUBSCRIPTIONS, Delivery, State, Subscription
from apps.webhooks.sender import Attempted
from tests.api.describing import OPERATIONS, as_described, codes_of
from tests.api.tenants import HOOK, Tenant
from tests.api.test_limits import exhaust, use_up_month
from tests.api.test_openapi import raising
from tests.factories import ApiKeyFactory
from tests.webhooks.rows import delivery_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis", "names")]
AT = datetime(2026, 5, 25, 15, tzinfo=UTC)
OF_WEBHOOKS = [name for name in OPERATIONS if "/webhooks" in name]
TEST = "POST /webhooks/{webhook_id}/test"
NEW = {"url": f"{HOOK}/new", "events": ["pick.published"]}
BODIES = {"POST /webhooks": NEW, "PATCH /webhooks/{webhook_id}": {"events": ["pick.settled"]}}
WRONG = [{"url": "http://a.example"}, {"events": ["x"]}, {"url": 1}, {"url": f"{HOOK}/taken", "events": NEW["events"]}]
QUERIES = {"GET /webhooks/{webhook_id}/deliveries": ["limit=x", "status=x", "cursor=x"]}


class Post:
    """The sender's place."""

    def __init__(self) -> None:
        self.attempted = Attempted("192.0.2.1", 200, 12)

    def send(self, *_asked: object, **_more: object) -> Attempted:
        return self.attempted


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    post = Post()
    monkeypatch.setattr("apps.webhooks.services.sender", lambda: post)
    return post


@pytest.fixture
def tenant(post: Post) -> Tenant:
    """With one webhook whose log has a delivery of every kind, and another that takes a URL."""
    tenant = Tenant()
    tenant.subscribe()
    subscription = Subscription.objects.get()
    for state in State:
        delivery_of(subscription, at=AT, status=state, attempts=2)
    delivery_of(subscription, at=AT, status=State.CANCELLED, reason="tier", event="test")
    tenant.subscribe(f"{HOOK}/taken")
    return tenant


def path_of(name: str) -> str:
    webhook = Subscription.objects.earliest("created_at").pk
    delivery = Delivery.objects.filter(event="pick.published")[0].pk
    return name.partition(" ")[2].format(webhook_id=webhook, delivery_id=delivery)


def asked(tenant: Tenant, name: str, *, body: Any = None) -> HttpResponse:
    return tenant.ask(name.partition(" ")[0], path_of(name), BODIES.get(name) if body is None else body)


def done(name: str) -> int:
    return int(next(iter(OPERATIONS[name]["responses"])))


@pytest.mark.parametrize("name", OF_WEBHOOKS)
def test_real_answers_are_as_described(tenant, name) -> None:
    as_described(name, asked(tenant, name), status=done(name))


@pytest.mark.parametrize("name", ["GET /webhooks", "GET /webhooks/{webhook_id}"])
def test_webhooks_of_every_standing_are_as_described(tenant, name) -> None:
    for standing in ("paused", "exhausted", "active"):
        Subscription.objects.update(
            status=standing, stopped_at=None if standing == "active" else AT, last_delivery_at=AT, last_failed_at=AT,
            last_failed_error="No answer came within 10 s.",
        )  # fmt: skip
        as_described(name, asked(tenant, name), status=200)


@pytest.mark.parametrize("attempted", [Attempted(error="The name does not resolve."), Attempted(None, 500, 1, "x")])
def test_a_test_that_fails_is_as_described(tenant, post, attempted) -> None:
    post.attempted = attempted
    as_described(TEST, asked(tenant, TEST), status=200)
    log = "GET /webhooks/{webhook_id}/deliveries"
    as_described(log, asked(tenant, log), status=200)


@pytest.mark.parametrize("name", OF_WEBHOOKS)
def test_real_errors_are_as_described_and_all_of_them_are_met(tenant, name, monkeypatch) -> None:
    method, path = name.partition(" ")[0], path_of(name)
    url, bearer = f"/api/v1{path}", {"Authorization": f"Bearer {tenant.key.secret}"}
    client, starter, spent = Client(raise_request_exception=False), ApiKeyFactory(tier="starter"), Tenant()
    answers = [
        client.generic(method, url),
        client.put(url, headers=bearer),
        client.generic(method, url, b"x" * 70_000, headers=bearer),
        client.generic(method, url, headers={**bearer, "Host": "evil.example"}),
        client.generic(method, url, headers={"Authorization": f"Bearer {starter.secret}"}),
        *(client.generic(method, f"{url}?{query}", headers=bearer) for query in QUERIES.get(name, [])),
    ]
    if "{" in name:
        answers.append(tenant.ask(method, re.sub(r"\{\w+\}", "nothing", name.partition(" ")[2]), BODIES.get(name)))
    if method in ("POST", "PATCH"):
        sent = [(b"x", "text/plain"), (b"[]", "application/json")]
        answers += [client.generic(method, url, body, content_type=kind, headers=bearer) for body, kind in sent]
    if name in BODIES:
        answers += [tenant.ask(method, path, {**BODIES[name], **wrong}) for wrong in WRONG]
    if name == "POST /webhooks":
        answers += [tenant.ask(method, path, {**NEW, "url": f"{HOOK}/{each}"}) for each in range(MOST_SUBSCRIPTIONS)]
    answers += [over_an_hour(starter, method, url), over_a_month(spent, method, path)]
    answers += failing(tenant, name, monkeypatch)
    met: set[str] = set()
    for answer in answers:
        as_described(name, answer, status=answer.status_code)
        met |= {json.loads(answer.content)["error"]} if answer.status_code >= 400 else set()
    assert met == set(codes_of(name))


def over_an_hour(key: Any, method: str, url: str) -> HttpResponse:
    exhaust(key)
    return Client().generic(method, url, headers={"Authorization": f"Bearer {key.secret}"})


def over_a_month(tenant: Tenant, method: str, path: str) -> HttpResponse:
    use_up_month(tenant.key, 100_000)
    return tenant.ask(method, path)


def failing(tenant: Tenant, name: str, monkeypatch: pytest.MonkeyPatch) -> list[HttpResponse]:
    """A store away, a fault of ours, a test beside another, and one more for a webhook that is not active."""
    found = []
    for error in (OperationalError("away"), RuntimeError("a fault")):
        with monkeypatch.context() as patched:
            patched.setattr("apps.api.v1.base.ApiView.initial", raising(error))
            found.append(asked(tenant, name))
    if name == TEST:
        with services._testing(tenant.key.organization_id):
            found.append(asked(tenant, name))
    if name.endswith("/redeliver"):
        Subscription.objects.update(status="paused", stopped_at=AT)
        found.append(asked(tenant, name))
    return found
