"""Webhooks over the API: made, shown, changed and deleted by the key that they belong to."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from apps.access.draining import drain
from apps.access.models import UsageHour
from apps.access.services import rotate_key
from apps.core.times import rfc3339
from apps.webhooks.models import Delivery, Reason, State, Subscription
from tests.api.tenants import HOOK, Tenant, refusal
from tests.webhooks.rows import delivery_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis", "names")]
AT = datetime(2026, 5, 25, 15, tzinfo=UTC)
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def test_a_new_webhook_is_answered_as_the_reference_prints_it_and_more(tenant) -> None:
    asked = {"url": "https://yourserver.com/webhook", "events": ["pick.published"]}
    answer = tenant.ask("POST", "/webhooks", asked)
    assert answer.status_code == 201
    made = answer.json()
    assert list(made)[:3] == ["subscription_id", "url", "events"]
    assert re.fullmatch(UUID4, made.pop("subscription_id"))
    assert re.fullmatch("[0-9a-f]{64}", made.pop("hmac_secret"))
    assert made.pop("created_at") == rfc3339(Subscription.objects.get().created_at)
    assert made == {
        **asked,
        "status": "active",
        "expire_at_kickoff": False,
        "last_delivery_at": None,
        "last_failure": None,
    }


def test_what_is_shown_later_is_the_same_without_the_secret(tenant) -> None:
    made = tenant.subscribe(events=("pick.settled", "pick.published", "pick.settled"), expire_at_kickoff=True)
    assert made.pop("hmac_secret")
    assert made["events"] == ["pick.published", "pick.settled"]
    assert made["expire_at_kickoff"] is True
    assert tenant.ask("GET", f"/webhooks/{made['subscription_id']}").json() == made
    assert tenant.ask("GET", f"/webhooks/{made['subscription_id'].upper()}").json() == made
    assert tenant.ask("GET", "/webhooks").json() == {"data": [made]}
    assert tenant.ask("HEAD", "/webhooks").content == b""


def test_they_are_listed_oldest_first_and_none_is_an_empty_list(tenant) -> None:
    assert tenant.ask("GET", "/webhooks").json() == {"data": []}
    urls = [tenant.subscribe(f"https://hooks.example.com/{number}")["url"] for number in range(5)]
    assert [each["url"] for each in tenant.ask("GET", "/webhooks").json()["data"]] == urls


def test_how_it_did_last_is_shown(tenant) -> None:
    made = tenant.subscribe()
    Subscription.objects.update(
        last_delivery_at=AT, last_failed_at=AT - timedelta(seconds=1), last_failed_error="No answer came within 10 s."
    )
    shown = tenant.ask("GET", f"/webhooks/{made['subscription_id']}").json()
    assert shown["last_delivery_at"] == "2026-05-25T15:00:00Z"
    assert shown["last_failure"] == {
        "at": "2026-05-25T14:59:59Z",
        "status_code": None,
        "error": "No answer came within 10 s.",
    }


@pytest.mark.django_db(transaction=True)  # a rotation is published when it commits
def test_it_outlives_a_rotation_of_its_key(tenant) -> None:
    made = tenant.subscribe()
    _, tenant.key.secret = rotate_key(key_id=tenant.key.pk, now=datetime.now(UTC))
    assert tenant.ask("GET", f"/webhooks/{made['subscription_id']}").status_code == 200


def test_everything_that_may_be_changed_is_changed(tenant) -> None:
    made = tenant.subscribe()
    path = f"/webhooks/{made['subscription_id']}"
    changes = {"url": f"{HOOK}/b", "events": ["pick.settled"], "expire_at_kickoff": True}
    for asked, shown in [
        ({}, {}),
        ({"url": f"{HOOK}/b"}, {"url": f"{HOOK}/b"}),
        ({"events": ["pick.settled"]}, {"events": ["pick.settled"]}),
        ({"expire_at_kickoff": True}, {"expire_at_kickoff": True}),
        ({"paused": True}, {"status": "paused"}),
        ({"paused": False, "unknown": 1}, {"status": "active"}),
    ]:
        answer = tenant.ask("PATCH", path, asked)
        assert answer.status_code == 200
        assert shown.items() <= answer.json().items()
        assert tenant.ask("GET", path).json() == answer.json()
    assert changes.items() <= tenant.ask("GET", path).json().items()
    assert "hmac_secret" not in answer.json()


def test_pausing_cancels_what_is_pending(tenant) -> None:
    made = tenant.subscribe()
    delivery = delivery_of(Subscription.objects.get(), at=AT)
    tenant.ask("PATCH", f"/webhooks/{made['subscription_id']}", {"paused": True})
    delivery.refresh_from_db()
    assert (delivery.status, delivery.reason, delivery.due_at) == (State.CANCELLED, Reason.PAUSED, None)


def test_of_a_change_that_is_refused_nothing_is_done(tenant) -> None:
    tenant.subscribe(f"{HOOK}/other")
    made = tenant.subscribe()
    path = f"/webhooks/{made['subscription_id']}"
    before = tenant.ask("GET", path).json()
    for asked, code in [
        ({"events": ["pick.settled"], "url": "http://hooks.example.com"}, (400, "invalid_url")),
        ({"paused": True, "events": ["pick.drawn"]}, (400, "invalid_events")),
        ({"paused": True, "url": f"{HOOK}/other"}, (409, "duplicate_url")),
        ({"paused": True, "expire_at_kickoff": None}, (400, "invalid_request")),
    ]:
        assert refusal(tenant.ask("PATCH", path, asked)) == code
        assert tenant.ask("GET", path).json() == before
    assert tenant.ask("PATCH", path, {"url": HOOK.replace("hooks", "HOOKS")}).status_code == 200  # its own


def test_deleting_ends_it_and_frees_its_url_and_its_place(tenant) -> None:
    first, *_ = [tenant.subscribe(f"https://hooks.example.com/{number}") for number in range(5)]
    delivery_of(Subscription.objects.order_by("created_at")[0], at=AT)
    path = f"/webhooks/{first['subscription_id']}"
    deleted = tenant.ask("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "Content-Type" not in deleted.headers
    assert refusal(tenant.ask("DELETE", path)) == (404, "not_found")
    assert Delivery.objects.get().reason == Reason.DELETED
    gone = Subscription.objects.get(deleted_at__isnull=False)
    assert (gone.sealed_secret, gone.sealed_previous) == ("", "")
    assert tenant.subscribe(first["url"])["subscription_id"] != first["subscription_id"]


def test_requests_are_counted_as_webhooks_and_one_webhook(tenant) -> None:
    made = tenant.subscribe()
    path = f"/webhooks/{made['subscription_id']}"
    for _ in range(2):
        assert tenant.ask("GET", f"{path}/deliveries").status_code == 200
    tenant.ask("POST", f"{path}/rotate-secret")
    answer = tenant.ask("POST", "/webhooks", {})
    assert answer.headers["X-RateLimit-Remaining"] == str(1_000 - 5)
    drain()
    counted = dict(UsageHour.objects.values_list("endpoint").annotate(sum=Sum("counted")))
    assert counted == {"webhooks": 2, "webhooks/{id}": 3}
