"""Secrets at rest: encrypted with the newest key, opened with any, put under the newest by a command."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from apps.core import sealing
from apps.core.sealing import is_newest, seal, unseal
from apps.webhooks import renewing
from apps.webhooks.models import Subscription
from apps.webhooks.renewing import renew_encryption
from apps.webhooks.services import delete_subscription, rotate_secret
from tests.together import at_once
from tests.webhooks.delivering import subscribed

NOW = datetime(2026, 5, 25, 9, tzinfo=UTC)
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def using(settings: Any) -> Iterator[Any]:
    """Has these keys, the newest first, as after a restart."""

    def use(*keys: str) -> None:
        settings.FERNET_KEYS = list(keys)
        sealing.keys.cache_clear(), sealing.unseal.cache_clear()

    use(OLD)
    yield use
    sealing.keys.cache_clear(), sealing.unseal.cache_clear()


def test_what_is_sealed_is_not_readable_and_twice_not_the_same() -> None:
    first, second = seal("5ec7e7"), seal("5ec7e7")
    assert "5ec7e7" not in first
    assert first != second
    assert unseal(first) == unseal(second) == "5ec7e7"


def test_an_older_key_opens_and_the_newest_seals(using) -> None:
    before = seal("5ec7e7")
    using(NEW, OLD)
    assert unseal(before) == "5ec7e7"
    assert (is_newest(before), is_newest(seal("5ec7e7"))) == (False, True)
    using(NEW)
    with pytest.raises(ImproperlyConfigured, match="BETEDGE_FERNET_KEYS") as refused:
        unseal(before)
    assert before not in str(refused.value)


@pytest.mark.parametrize("tampered", ["", "nonsense", "gAAAAA=="])
def test_what_was_not_sealed_by_us_is_not_opened(tampered) -> None:
    with pytest.raises(ImproperlyConfigured):
        unseal(tampered)


def renewed() -> str:
    printed = StringIO()
    call_command("renew_encryption", stdout=printed)
    return printed.getvalue()


@pytest.mark.django_db
def test_the_command_puts_every_secret_under_the_newest_key(using, monkeypatch) -> None:
    monkeypatch.setattr(renewing, "BATCH", 2)
    made = [subscribed(f"https://hooks.example.test/{number}", now=NOW) for number in range(5)]
    rotate_secret(subscription_id=made[0].pk, now=NOW)
    delete_subscription(subscription_id=made[1].pk, now=NOW)
    before = {each.pk: secrets_of(each) for each in Subscription.objects.all()}
    using(NEW, OLD)
    subscribed(now=NOW)
    assert renewed() == "4 encrypted anew.\n"
    using(NEW)
    assert {pk: secrets_of(Subscription.objects.get(pk=pk)) for pk in before} == before
    assert renewed() == "0 encrypted anew.\n"


def secrets_of(subscription: Subscription) -> list[str]:
    return [unseal(each) if each else "" for each in (subscription.sealed_secret, subscription.sealed_previous)]


@pytest.mark.django_db
@pytest.mark.parametrize("batch", [1, 2, 3, 4])
def test_it_goes_through_all_of_them_in_batches(using, batch) -> None:
    for number in range(3):
        subscribed(f"https://hooks.example.test/{number}", now=NOW)
    using(NEW, OLD)
    assert renew_encryption(batch=batch) == 3
    assert all(is_newest(each.sealed_secret) for each in Subscription.objects.all())


@pytest.mark.django_db(transaction=True)
def test_one_that_was_killed_goes_on_where_it_was(using, monkeypatch) -> None:
    for number in range(4):
        subscribed(f"https://hooks.example.test/{number}", now=NOW)
    using(NEW, OLD)
    whole, calls = renewing.seal_anew, iter([True, True, True, False])
    with monkeypatch.context() as patched:
        patched.setattr(renewing, "seal_anew", lambda sealed: whole(sealed) if next(calls) else 1 / 0)
        with pytest.raises(ZeroDivisionError):
            renew_encryption(batch=2)
    assert sum(is_newest(each.sealed_secret) for each in Subscription.objects.all()) == 2
    assert renew_encryption(batch=2) == 2


@pytest.mark.django_db(transaction=True)
def test_a_secret_that_is_rotated_meanwhile_is_not_lost(using) -> None:
    made = [subscribed(f"https://hooks.example.test/{number}", now=NOW) for number in range(8)]
    using(NEW, OLD)

    def rotate(subscription: Subscription) -> str:
        return rotate_secret(subscription_id=subscription.pk, now=NOW)[1]

    *secrets, count = at_once(*(lambda each=each: rotate(each) for each in made), lambda: renew_encryption(batch=1))
    assert isinstance(count, int)
    renew_encryption()
    using(NEW)
    assert [unseal(Subscription.objects.get(pk=each.pk).sealed_secret) for each in made] == secrets


@pytest.mark.django_db
def test_a_secret_that_no_key_opens_is_said_and_nothing_is_lost(using) -> None:
    subscription = subscribed(now=NOW)
    using(NEW)
    with pytest.raises(CommandError, match="BETEDGE_FERNET_KEYS"):
        renewed()
    assert Subscription.objects.get().sealed_secret == subscription.sealed_secret
