"""Every change of a webhook is in its organisation's audit log: by whom, from where, and never with a secret."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.audit import Actor, Kind
from apps.accounts.models import AuditEntry
from apps.core.sealing import unseal
from apps.webhooks.models import Reason, Standing, State, Subscription
from apps.webhooks.services import (
    ChangedMeanwhile,
    change_subscription,
    create_subscription,
    delete_subscription,
    enable_subscription,
    redeliver,
    rotate_secret,
)
from tests.factories import ApiKeyFactory
from tests.together import at_once
from tests.webhooks.delivering import subscribed
from tests.webhooks.rows import delivery_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 9, tzinfo=UTC)
LITERAL = "https://93.184.215.14/hook"
ANNA = Actor(Kind.PERSON, "anna@acme.example", user_id=7, address="192.0.2.7")


def test_each_change_is_written_down_with_who_made_it() -> None:
    webhook, secret = create_subscription(key=ApiKeyFactory(), url=LITERAL, events=["pick.published"], now=NOW, by=ANNA)
    one = {"subscription_id": webhook.pk, "now": NOW, "by": ANNA}
    change_subscription(events=["pick.settled"], **one)
    _webhook, second = rotate_secret(**one)
    Subscription.objects.update(status=Standing.EXHAUSTED, stopped_at=NOW)
    enable_subscription(**one)
    delivery = delivery_of(webhook, at=NOW, status=State.FAILED, reason=Reason.EXHAUSTED)
    redeliver(delivery_id=delivery.pk, **one)
    delete_subscription(**one)
    entries = AuditEntry.objects.order_by("id")
    assert [entry.action.removeprefix("webhook.") for entry in entries] == [
        "created", "changed", "secret_rotated", "enabled", "redelivered", "deleted",
    ]  # fmt: skip
    for entry in entries:
        assert (entry.actor, entry.user_id, entry.address) == ("anna@acme.example", 7, "192.0.2.7")
        assert (entry.organization, entry.subject) == (webhook.key.organization, LITERAL)
        assert entry.details["webhook"] == str(webhook.pk)
        assert not {secret, second} & set(str(entry.details).split("'"))


def test_what_changes_nothing_is_not_written_down() -> None:
    webhook = subscribed(now=NOW)
    change_subscription(subscription_id=webhook.pk, events=webhook.events, paused=False, now=NOW)
    enable_subscription(subscription_id=webhook.pk, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        change_subscription(subscription_id=webhook.pk, events=["pick.settled"], seen="other", now=NOW)
    with pytest.raises(ChangedMeanwhile):
        rotate_secret(subscription_id=webhook.pk, seen="other", now=NOW)
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_program_is_named_by_its_key(redis) -> None:
    key = ApiKeyFactory(tier="growth")
    answer = Client().post(
        "/api/v1/webhooks",
        {"url": LITERAL, "events": ["pick.published"]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key.secret}"},
        REMOTE_ADDR="192.0.2.9",
    )
    assert answer.status_code == 201
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.address) == ("key", "192.0.2.9")
    assert entry.actor == f"betedge_{key.prefix}…{key.last_four}"
    assert unseal(Subscription.objects.get().sealed_secret) not in str(entry.details)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_make_the_same_one_at_once_one_does() -> None:
    key, wanted = ApiKeyFactory(tier="growth"), uuid4()

    def make() -> object:
        return create_subscription(key=key, url=LITERAL, events=["pick.published"], subscription_id=wanted, now=NOW)

    results = at_once(make, make, make)
    assert sorted(type(result).__name__ for result in results) == ["MadeAlready", "MadeAlready", "tuple"]
    assert Subscription.objects.get().pk == wanted
