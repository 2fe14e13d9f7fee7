"""Owners are told of an exhausted webhook once, by mail; without owners the log is; without a mail server, later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail

from apps.accounts.models import Membership
from apps.accounts.roles import Role
from apps.core.sealing import unseal
from apps.devtools.stack.ports import free_port
from apps.webhooks.mail import AGAIN, tell_owners
from apps.webhooks.models import Standing, Subscription
from apps.webhooks.services import delete_subscription, enable_subscription
from tests.together import at_once
from tests.webhooks.delivering import subscribed

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 9, tzinfo=UTC)


def exhausted(**fields: Any) -> Subscription:
    return subscribed(
        now=NOW,
        status=Standing.EXHAUSTED,
        stopped_at=NOW,
        mail_due_at=NOW,
        last_failed_at=NOW,
        last_failed_error="Answered 500 & <b>no</b>.",
        **fields,
    )


def member(subscription: Subscription, name: str, role: Role = Role.OWNER, **fields: Any) -> None:
    user = User.objects.create_user(name, email=f"{name}@customer.example", **fields)
    Membership.objects.create(organization=subscription.key.organization, user=user, role=role)


def test_every_owner_is_told_which_one_and_why_and_what_to_do() -> None:
    subscription = exhausted()
    for name, role in [("anna", Role.OWNER), ("ben", Role.OWNER), ("cleo", Role.ADMIN), ("dan", Role.VIEWER)]:
        member(subscription, name, role)
    member(subscription, "gone", is_active=False)
    assert tell_owners(now=NOW) == 1
    (message,) = mail.outbox
    assert message.to == ["anna@customer.example", "ben@customer.example"]
    assert subscription.key.organization.name in message.subject
    for words in (subscription.url, "Answered 500 & <b>no</b>.", "2026-05-25 09:00 UTC", f"{subscription.pk}/enable"):
        assert words in message.body
    page = f"/dashboard/{subscription.key.organization_id}/webhooks/{subscription.pk}"
    assert f"{settings.BETEDGE_PUBLIC_URL}{page}\n" in message.body
    assert unseal(subscription.sealed_secret) not in message.body


def test_they_are_told_once() -> None:
    member(exhausted(), "anna")
    assert [tell_owners(now=NOW + timedelta(hours=hours)) for hours in range(3)] == [1, 0, 0]
    assert len(mail.outbox) == 1
    assert Subscription.objects.get().mail_due_at is None


def test_nobody_is_told_before_it_is_due_nor_of_one_that_is_active_or_deleted_by_then() -> None:
    subscription = exhausted()
    member(subscription, "anna")
    assert tell_owners(now=NOW - timedelta(seconds=1)) == 0
    enable_subscription(subscription_id=subscription.pk, now=NOW)
    assert tell_owners(now=NOW) == 0
    Subscription.objects.update(status=Standing.EXHAUSTED, stopped_at=NOW, mail_due_at=NOW)
    delete_subscription(subscription_id=subscription.pk, now=NOW)
    assert tell_owners(now=NOW) == 0
    assert mail.outbox == []


def test_an_organisation_without_owners_is_in_the_log(caplog) -> None:
    subscription = exhausted()
    member(subscription, "cleo", Role.ADMIN)
    assert tell_owners(now=NOW) == 1
    assert mail.outbox == []
    assert "nobody to tell" in caplog.text
    assert str(subscription.pk) in caplog.text
    assert tell_owners(now=NOW + AGAIN) == 0


def test_a_mail_server_that_is_down_is_asked_again_later(settings, caplog) -> None:
    member(exhausted(), "anna")
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert tell_owners(now=NOW) == 0
    assert "mail not sent" in caplog.text
    settings.EMAIL_BACKEND = working
    assert tell_owners(now=NOW + AGAIN - timedelta(seconds=1)) == 0
    assert tell_owners(now=NOW + AGAIN) == 1
    assert len(mail.outbox) == 1


def test_one_that_cannot_be_told_keeps_no_other_from_it(monkeypatch) -> None:
    for name in ("anna", "ben"):
        member(exhausted(), name)
    send = mail.EmailMessage.send

    def refuse_anna(message: mail.EmailMessage, *asked: Any) -> int:
        if message.to == ["anna@customer.example"]:
            raise ConnectionRefusedError
        return send(message, *asked)

    monkeypatch.setattr(mail.EmailMessage, "send", refuse_anna)
    assert tell_owners(now=NOW) == 1
    assert [message.to for message in mail.outbox] == [["ben@customer.example"]]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_them_once() -> None:
    for number in range(6):
        member(exhausted(), f"owner{number}")
    assert sum(at_once(*[lambda: tell_owners(now=NOW)] * 4)) == 6
    assert sorted(to for message in mail.outbox for to in message.to) == [
        f"owner{n}@customer.example" for n in range(6)
    ]
