"""What is done to a webhook over the API: a new secret, a test, active again, its log read and sent again."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from apps.webhooks.models import Attempt, Delivery, Reason, State, Subscription
from apps.webhooks.signing import signature
from tests.api.tenants import HOOK, Tenant, refusal
from tests.streams import until as eventually
from tests.webhooks.conftest import URL
from tests.webhooks.receivers import OK, answering, hanging
from tests.webhooks.rows import delivery_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis", "names")]
AT = datetime(2026, 5, 25, 15, tzinfo=UTC)


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
def sent_to(receivers, sender_to, monkeypatch) -> Callable[..., Any]:
    """A receiver that behaves so, to which the web process sends."""

    def make(behave: Any = OK, *, deadline: float = 5.0) -> Any:
        receiver = receivers(behave)
        sender = sender_to(receiver, deadline=deadline)
        monkeypatch.setattr("apps.webhooks.services.sender", lambda: sender)
        return receiver

    return make


def path_of(made: dict[str, Any], deed: str = "") -> str:
    return f"/webhooks/{made['subscription_id']}{deed}"


def test_a_new_secret_is_given_once_and_the_one_before_holds_for_a_day(tenant, sent_to) -> None:
    receiver, made = sent_to(), tenant.subscribe(URL)
    before = timezone.now()
    rotated = tenant.ask("POST", path_of(made, "/rotate-secret"))
    assert rotated.status_code == 200
    answer = rotated.json()
    assert set(answer) == {"subscription_id", "hmac_secret", "previous_valid_until"}
    assert answer["subscription_id"] == made["subscription_id"]
    until = datetime.fromisoformat(answer["previous_valid_until"])
    assert timedelta(0) <= until - before - timedelta(hours=24) < timedelta(minutes=1)
    tenant.ask("POST", path_of(made, "/test"))
    (request,) = receiver.requests
    assert request.headers["X-BetEdge-Signature"] == signature(request.body, answer["hmac_secret"])
    assert request.headers["X-BetEdge-Signature-Previous"] == signature(request.body, made["hmac_secret"])


def test_a_test_arrives_signed_and_is_in_the_log(tenant, sent_to) -> None:
    receiver, made = sent_to(), tenant.subscribe(URL)
    answer = tenant.ask("POST", path_of(made, "/test"))
    assert answer.status_code == 200
    tested = answer.json()
    (request,) = receiver.requests
    assert request.headers["X-BetEdge-Event"] == "test"
    assert request.headers["X-BetEdge-Delivery"] == tested["delivery_id"]
    assert request.headers["X-BetEdge-Signature"] == signature(request.body, made["hmac_secret"])
    assert json.loads(request.body)["event"] == "test"
    assert tested == {
        "delivery_id": tested["delivery_id"],
        "delivered": True,
        "status_code": 200,
        "duration_ms": Attempt.objects.get().duration_ms,
        "error": None,
    }
    (logged,) = tenant.ask("GET", path_of(made, "/deliveries")).json()["data"]
    assert (logged["id"], logged["event"], logged["status"]) == (tested["delivery_id"], "test", "delivered")
    assert logged["attempts"][0]["address"] == "127.0.0.1"


def test_a_test_that_fails_says_how_and_is_not_tried_again(tenant, sent_to) -> None:
    sent_to(answering(500, b"broken"))
    made = tenant.subscribe(URL)
    tested = tenant.ask("POST", path_of(made, "/test")).json()
    assert (tested["delivered"], tested["status_code"], tested["error"]) == (False, 500, "Answered 500.")
    (logged,) = tenant.ask("GET", path_of(made, "/deliveries"), status="failed").json()["data"]
    assert (logged["next_attempt_at"], logged["reason"]) == (None, None)
    assert logged["attempts"][0]["response_body"] == "broken"
    assert tenant.ask("GET", path_of(made)).json()["status"] == "active"


def test_a_test_of_a_receiver_that_hangs_ends_at_the_deadline(tenant, sent_to) -> None:
    sent_to(hanging, deadline=0.3)
    tested = tenant.ask("POST", path_of(tenant.subscribe(URL), "/test")).json()
    assert (tested["delivered"], tested["status_code"]) == (False, None)
    assert tested["error"] == "No answer came within 0.3 s."


def test_a_paused_one_may_be_tested(tenant, sent_to) -> None:
    receiver, made = sent_to(), tenant.subscribe(URL)
    tenant.ask("PATCH", path_of(made), {"paused": True})
    assert tenant.ask("POST", path_of(made, "/test")).json()["delivered"] is True
    assert len(receiver.requests) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_tests_at_once_the_second_is_told_to_come_back(sent_to) -> None:
    answered = threading.Event()

    def late(connection: Any, request: Any) -> None:
        answered.wait(10)
        OK(connection, request)

    receiver, tenant = sent_to(late, deadline=20.0), Tenant()
    path = path_of(tenant.subscribe(URL), "/test")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask_and_close, tenant, path)
        eventually(lambda: bool(receiver.requests))
        second = tenant.ask("POST", path)
        assert refusal(second) == (503, "service_unavailable")
        assert int(second["Retry-After"]) > 0
        answered.set()
        assert first.result(30) is True
    assert tenant.ask("POST", path).json()["delivered"] is True


def ask_and_close(tenant: Tenant, path: str) -> bool:
    try:
        return bool(tenant.ask("POST", path).json()["delivered"])
    finally:
        connections.close_all()


def test_an_exhausted_one_is_enabled_and_what_it_missed_is_sent_again(tenant) -> None:
    made = tenant.subscribe()
    subscription = Subscription.objects.get()
    Subscription.objects.update(status="exhausted", stopped_at=AT, mail_due_at=AT)
    missed = [
        delivery_of(subscription, at=AT, status=State.FAILED, reason=Reason.EXHAUSTED, attempts=6),
        delivery_of(subscription, at=AT, status=State.CANCELLED, reason=Reason.EXHAUSTED),
    ]
    delivery_of(subscription, at=AT, status=State.CANCELLED, reason=Reason.PAUSED)
    delivery_of(subscription, at=AT, status=State.DELIVERED)
    answer = tenant.ask("POST", path_of(made, "/enable"))
    assert answer.status_code == 200
    assert (answer.json()["resent"], answer.json()["status"]) == (2, "active")
    pending = tenant.ask("GET", path_of(made, "/deliveries"), status="pending").json()["data"]
    assert {each["id"] for each in pending} == {str(each.pk) for each in missed}
    assert all(each["next_attempt_at"] and each["reason"] is None for each in pending)
    assert tenant.ask("POST", path_of(made, "/enable")).json()["resent"] == 0


def test_a_paused_one_is_enabled_and_what_it_missed_is_not_sent(tenant) -> None:
    made = tenant.subscribe()
    tenant.ask("PATCH", path_of(made), {"paused": True})
    delivery_of(Subscription.objects.get(), at=AT, status=State.CANCELLED, reason=Reason.PAUSED)
    answer = tenant.ask("POST", path_of(made, "/enable")).json()
    assert (answer["resent"], answer["status"]) == (0, "active")


def test_a_delivery_is_shown_with_every_attempt(tenant) -> None:
    made = tenant.subscribe()
    delivery = delivery_of(Subscription.objects.get(), at=AT, status=State.FAILED, reason="gone", attempts=2)
    answer = tenant.ask("GET", path_of(made, "/deliveries"))
    attempt = {
        "at": "2026-05-25T15:00:00Z",
        "address": "192.0.2.1",
        "status_code": 500,
        "duration_ms": 7,
        "error": "Answered 500.",
        "response_body": "<b>no</b>",
    }
    assert answer.json() == {
        "data": [
            {
                "id": str(delivery.pk),
                "event_id": str(delivery.event_id),
                "event": "pick.published",
                "status": "failed",
                "created_at": "2026-05-25T15:00:00Z",
                "delivered_at": None,
                "next_attempt_at": None,
                "reason": "gone",
                "attempts": [{"number": 1, **attempt}, {"number": 2, **attempt}],
            }
        ],
        "next_cursor": None,
    }


def walked(tenant: Tenant, path: str, **asked: Any) -> list[str]:
    """The ids of every page, one after the other."""
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = tenant.ask("GET", path, cursor=cursor, **asked).json()
        found += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_pages_give_each_delivery_once_with_many_of_one_instant_and_over_a_weeks_edge(tenant, limit) -> None:
    made = tenant.subscribe()
    subscription = Subscription.objects.get()
    instants = [AT] * 4 + [AT - timedelta(microseconds=1)] + [AT - timedelta(days=3)] * 2
    rows = [delivery_of(subscription, at=at) for at in instants]
    newest_first = sorted(rows, key=lambda row: (row.created_at, row.event_id), reverse=True)
    assert walked(tenant, path_of(made, "/deliveries"), limit=limit) == [str(row.pk) for row in newest_first]


def test_any_time_is_a_cursor_too_and_empty_is_the_beginning(tenant) -> None:
    made = tenant.subscribe()
    old, new = (delivery_of(Subscription.objects.get(), at=at) for at in (AT, AT + timedelta(seconds=1)))
    for cursor, shown in [("", [new, old]), ("2026-05-25T15:00:01Z", [old]), ("2026-05-25T15:00:00Z", [])]:
        answer = tenant.ask("GET", path_of(made, "/deliveries"), cursor=cursor)
        assert [each["id"] for each in answer.json()["data"]] == [str(row.pk) for row in shown]


@pytest.mark.parametrize("status", State.values)
def test_a_status_gives_those_alone(tenant, status) -> None:
    made = tenant.subscribe()
    for each in State:
        delivery_of(Subscription.objects.get(), at=AT, status=each)
    page = tenant.ask("GET", path_of(made, "/deliveries"), status=status).json()
    assert [each["status"] for each in page["data"]] == [status]


@pytest.mark.parametrize(
    ("asked", "code", "parameter"),
    [
        ({"status": "lost"}, "invalid_parameter", "status"),
        ({"status": ""}, "invalid_parameter", "status"),
        ({"status": "PENDING"}, "invalid_parameter", "status"),
        ({"limit": "0"}, "invalid_parameter", "limit"),
        ({"limit": "x"}, "invalid_parameter", "limit"),
        ({"cursor": "x"}, "invalid_cursor", None),
        ({"cursor": "2026-05-25T15:00:00Z~1"}, "invalid_cursor", None),
    ],
)
def test_parameters_that_cannot_be_read_come_before_the_webhook(tenant, asked, code, parameter) -> None:
    made = tenant.subscribe()
    for path in (path_of(made, "/deliveries"), "/webhooks/unknown/deliveries"):
        answer = tenant.ask("GET", path, **asked)
        assert refusal(answer) == (400, code)
        assert answer.json().get("parameter") == parameter


@pytest.mark.parametrize("state", State)
def test_any_delivery_is_sent_again_when_it_is_asked_for(tenant, state) -> None:
    made = tenant.subscribe()
    delivery = delivery_of(Subscription.objects.get(), at=AT, status=state, attempts=1, failures=1)
    answer = tenant.ask("POST", path_of(made, f"/deliveries/{delivery.pk}/redeliver"))
    assert answer.status_code == 202
    shown = answer.json()
    assert (shown["id"], shown["status"], shown["delivered_at"]) == (str(delivery.pk), "pending", None)
    assert len(shown["attempts"]) == 1
    assert datetime.fromisoformat(shown["next_attempt_at"]) > AT
    delivery.refresh_from_db()
    assert (delivery.status, delivery.failures) == (State.PENDING, 0)


def test_nothing_is_sent_again_to_one_that_is_not_active(tenant) -> None:
    made = tenant.subscribe()
    delivery = delivery_of(Subscription.objects.get(), at=AT, status=State.FAILED)
    tenant.ask("PATCH", path_of(made), {"paused": True})
    answer = tenant.ask("POST", path_of(made, f"/deliveries/{delivery.pk}/redeliver"))
    assert refusal(answer) == (400, "invalid_request")
    assert "paused" in answer.json()["message"]
    assert Delivery.objects.get().status == State.FAILED


def test_a_log_is_its_own_webhooks(tenant) -> None:
    first, second = tenant.subscribe(), tenant.subscribe(f"{HOOK}/b")
    delivery_of(Subscription.objects.get(pk=first["subscription_id"]), at=AT)
    assert tenant.ask("GET", path_of(second, "/deliveries")).json() == {"data": [], "next_cursor": None}
