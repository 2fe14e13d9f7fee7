"""A webhook is its own key's: no other key reads, changes, tests or resends it; and nobody reads its secret again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.access.keys import hash_secret
from apps.webhooks.models import Attempt, Delivery, State, Subscription
from tests.api.tenants import Tenant, refusal
from tests.factories import ApiKeyFactory
from tests.webhooks.receivers import answering
from tests.webhooks.rows import delivery_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis", "names")]
AT = datetime(2026, 5, 25, 15, tzinfo=UTC)
UNKNOWN = "7d9f0a52-3c58-4f0e-9a1e-52d3b6a4c0f1"
ENDPOINTS = [
    ("GET", "/webhooks/{id}", None),
    ("PATCH", "/webhooks/{id}", {"paused": True, "url": "https://theirs.example.com/"}),
    ("DELETE", "/webhooks/{id}", None),
    ("POST", "/webhooks/{id}/rotate-secret", None),
    ("POST", "/webhooks/{id}/test", None),
    ("POST", "/webhooks/{id}/enable", None),
    ("GET", "/webhooks/{id}/deliveries", None),
    ("POST", "/webhooks/{id}/deliveries/{delivery}/redeliver", None),
]
each_endpoint = pytest.mark.parametrize(("method", "path", "body"), ENDPOINTS)


def everything() -> list[list[dict[str, Any]]]:
    return [list(model.objects.values()) for model in (Subscription, Delivery, Attempt)]


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """Of a webhook that is exhausted, and of a delivery that failed; nothing can be sent."""
    monkeypatch.setattr("apps.webhooks.services.sender", lambda: pytest.fail("It was sent."))
    owner = Tenant()
    owner.subscribe()
    Subscription.objects.update(status="exhausted", stopped_at=AT)
    delivery_of(Subscription.objects.get(), at=AT, status=State.FAILED, reason="exhausted", attempts=6)
    return owner


@pytest.fixture(params=["another organisation's", "the same organisation's"])
def other(request: pytest.FixtureRequest, owner: Tenant) -> Tenant:
    same = request.param.startswith("the same")
    return Tenant(ApiKeyFactory(organization=owner.key.organization)) if same else Tenant()


@each_endpoint
def test_another_keys_webhook_is_not_found_and_stays_as_it_is(other, method, path, body) -> None:
    delivery = Delivery.objects.get()
    before = everything()
    answer = other.ask(method, path.format(id=delivery.subscription_id, delivery=delivery.pk), body)
    assert refusal(answer) == (404, "not_found")
    assert everything() == before
    unknown = other.ask(method, path.format(id=UNKNOWN, delivery=UNKNOWN), body)
    assert answer.json() == unknown.json()  # nothing tells one from the other


def test_another_keys_delivery_is_not_found_through_a_webhook_of_ones_own(other) -> None:
    delivery = Delivery.objects.get()
    mine = other.subscribe()["subscription_id"]
    before = everything()
    answer = other.ask("POST", f"/webhooks/{mine}/deliveries/{delivery.pk}/redeliver")
    assert refusal(answer) == (404, "not_found")
    assert everything() == before


def test_another_keys_webhooks_are_not_listed(other) -> None:
    assert other.ask("GET", "/webhooks").json() == {"data": []}


@each_endpoint
@pytest.mark.parametrize("malformed", ["1", "nothing", UNKNOWN.replace("-", ""), f"{{{UNKNOWN}}}", "%00", "é"])
def test_a_malformed_id_is_not_found(owner, method, path, body, malformed) -> None:
    webhook = Subscription.objects.get().pk
    assert refusal(owner.ask(method, path.format(id=malformed, delivery=malformed), body)) == (404, "not_found")
    if "{delivery}" in path:
        assert refusal(owner.ask(method, path.format(id=webhook, delivery=malformed), body)) == (404, "not_found")


@each_endpoint
def test_a_deleted_one_is_not_found_by_its_own_key(owner, method, path, body) -> None:
    delivery = Delivery.objects.get()
    assert owner.ask("DELETE", f"/webhooks/{delivery.subscription_id}").status_code == 204
    answer = owner.ask(method, path.format(id=delivery.subscription_id, delivery=delivery.pk), body)
    assert refusal(answer) == (404, "not_found")


def test_one_that_is_deleted_while_it_is_asked_for_is_not_found(owner, monkeypatch) -> None:
    def gone(**_asked: object) -> None:
        raise Subscription.DoesNotExist

    for user in ("webhooks.change_subscription", "webhook_deeds.enable_subscription", "deliveries.redeliver"):
        monkeypatch.setattr(f"apps.api.v1.{user}", gone)
    delivery = Delivery.objects.get()
    for method, path, body in ENDPOINTS:
        if method == "PATCH" or path.endswith(("enable", "redeliver")):
            answer = owner.ask(method, path.format(id=delivery.subscription_id, delivery=delivery.pk), body)
            assert refusal(answer) == (404, "not_found")


def test_a_secret_is_in_no_answer_but_those_that_give_it_and_in_no_log(
    receivers, sender_to, monkeypatch, capfd, caplog
) -> None:
    def mirror(connection: Any, request: Any) -> None:
        answering(500, repr(request.headers).encode())(connection, request)

    receiver = receivers(mirror)
    monkeypatch.setattr("apps.webhooks.services.sender", lambda: sender_to(receiver))
    tenant = Tenant()
    made = tenant.subscribe("https://hooks.example.test:8443/hook")
    path = f"/webhooks/{made['subscription_id']}"
    sealed = [Subscription.objects.get().sealed_secret]
    rotated = tenant.ask("POST", f"{path}/rotate-secret").json()
    sealed.append(Subscription.objects.get().sealed_secret)
    asked = [
        ("GET", "/webhooks", None),
        ("GET", path, None),
        ("PATCH", path, {"paused": True}),
        ("PATCH", path, {"url": 1}),
        ("POST", "/webhooks", {"url": made["url"], "events": ["pick.settled"]}),
        ("POST", f"{path}/test", None),
        ("POST", f"{path}/enable", None),
        ("GET", f"{path}/deliveries", None),
    ]
    told = [tenant.ask(*each).content.decode() for each in asked]
    monkeypatch.setattr("apps.api.v1.webhooks.webhook_body", lambda *_a, **_k: 1 / 0)
    told += [tenant.ask("GET", path).content.decode(), *capfd.readouterr(), caplog.text]
    secrets = [made["hmac_secret"], rotated["hmac_secret"], *sealed, hash_secret(tenant.key.secret), tenant.key.secret]
    assert "ZeroDivisionError" in "".join(told[-3:])
    assert [secret for secret in secrets if any(secret in text for text in told)] == []
    assert len(receiver.requests) == 1
