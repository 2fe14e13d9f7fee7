"""A key outlives its secrets: rotation, expiry, renaming."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.access.keys import hash_secret, new_secret
from apps.access.limiter import LIMITED, OK
from apps.access.models import ApiKey
from apps.access.queries import keys_beginning, working_key
from apps.access.services import (
    KeyNotWorking,
    KeyRefused,
    create_key,
    expire_key,
    rename_key,
    revoke_key,
    rotate_key,
)
from tests.access.counting import ask, redis_now_ms
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.together import at_once

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SOON = timedelta(microseconds=1)


@pytest.fixture
def made(redis):
    now = timezone.now()
    key, secret = create_key(organization=OrganizationFactory(tier="starter"), name="mine", now=now)
    return key, secret, now


def test_both_secrets_open_until_the_grace_ends_and_the_key_stays_the_same(made) -> None:
    key, old, now = made
    rotated, new = rotate_key(key_id=key.pk, now=now)
    assert (rotated.pk, rotated.name, rotated.prefix, rotated.last_four) == (key.pk, "mine", new[8:16], new[-4:])
    for secret in (old, new):
        assert working_key(secret=secret, now=now) == key
    assert working_key(secret=old, now=now + DAY - SOON) == key
    assert working_key(secret=old, now=now + DAY) is None
    assert working_key(secret=new, now=now + 1000 * DAY) == key


@pytest.mark.parametrize("grace", [timedelta(0), timedelta(minutes=1), 7 * DAY])
def test_the_grace_is_chosen_from_nothing_to_a_week(made, grace) -> None:
    key, old, now = made
    rotate_key(key_id=key.pk, now=now, grace=grace)
    assert working_key(secret=old, now=now + grace) is None
    if grace:
        assert working_key(secret=old, now=now + grace - SOON) == key


@pytest.mark.parametrize("grace", [-SOON, 7 * DAY + SOON])
def test_no_other_grace_is_taken(made, grace) -> None:
    key, old, now = made
    with pytest.raises(KeyRefused, match="0 to 7 days"):
        rotate_key(key_id=key.pk, now=now, grace=grace)
    assert key.secrets.count() == 1
    assert working_key(secret=old, now=now) == key


def test_a_second_rotation_shortens_a_grace_and_never_lengthens_one(made) -> None:
    key, first, now = made
    _, second = rotate_key(key_id=key.pk, now=now, grace=DAY)
    _, third = rotate_key(key_id=key.pk, now=now, grace=2 * DAY)
    assert working_key(secret=first, now=now + DAY) is None
    assert working_key(secret=second, now=now + DAY) == key
    _, fourth = rotate_key(key_id=key.pk, now=now, grace=timedelta(0))
    assert [working_key(secret=secret, now=now) for secret in (first, second, third)] == [None] * 3
    assert working_key(secret=fourth, now=now) == key


def test_both_secrets_count_in_one_window(made) -> None:
    key, old, now = made
    _, new = rotate_key(key_id=key.pk, now=now)
    at = redis_now_ms()
    admitted = [ask(key, at=at + n, secret=(old, new)[n % 2]).decision for n in range(101)]
    assert admitted == [OK] * 100 + [LIMITED]


def test_a_revoked_key_takes_all_its_secrets_with_it(made) -> None:
    key, old, now = made
    _, new = rotate_key(key_id=key.pk, now=now)
    revoke_key(key_id=key.pk, now=now)
    assert [working_key(secret=secret, now=now) for secret in (old, new)] == [None, None]
    with pytest.raises(KeyNotWorking, match="create a new one"):
        rotate_key(key_id=key.pk, now=now)


def test_a_key_ends_when_it_is_told_to_and_does_not_come_back(made) -> None:
    key, secret, now = made
    expire_key(key_id=key.pk, at=now + DAY, now=now)
    assert working_key(secret=secret, now=now + DAY - SOON) == key
    assert working_key(secret=secret, now=now + DAY) is None
    expire_key(key_id=key.pk, at=None, now=now)
    assert working_key(secret=secret, now=now + DAY) == key
    expire_key(key_id=key.pk, at=now, now=now)
    assert working_key(secret=secret, now=now) is None
    with pytest.raises(KeyNotWorking):
        expire_key(key_id=key.pk, at=None, now=now)


def test_a_key_is_called_something_else(made) -> None:
    key, _, now = made
    assert rename_key(key_id=key.pk, name=" laptop ", now=now).name == "laptop"
    for bad in ("", " ", "x" * 81, "a\x00b", "a\nb"):
        with pytest.raises(KeyRefused, match="1 to 80 printable"):
            rename_key(key_id=key.pk, name=bad, now=now)
        with pytest.raises(KeyRefused, match="1 to 80 printable"):
            create_key(organization=key.organization, name=bad, now=now)


def test_every_change_is_younger_than_the_one_before_even_by_a_slow_clock(made) -> None:
    key, _, now = made
    seen = [key.changed_at]
    for late, change in enumerate(
        [
            lambda at: rename_key(key_id=key.pk, name="a", now=at),
            lambda at: rotate_key(key_id=key.pk, now=at),
            lambda at: expire_key(key_id=key.pk, at=now + timedelta(days=1), now=at),
            lambda at: revoke_key(key_id=key.pk, now=at),
        ]
    ):
        change(now - timedelta(seconds=late))
        seen.append(ApiKey.objects.get(pk=key.pk).changed_at)
    assert seen == sorted(set(seen))


def test_a_key_is_found_by_the_beginning_of_any_secret_it_had(made) -> None:
    key, old, now = made
    _, new = rotate_key(key_id=key.pk, now=now)
    for secret in (old, new):
        digits = secret.removeprefix("betedge_")
        assert keys_beginning(digits[:8]).get() == keys_beginning(digits).get() == key
    call_command("revoke_key", old)
    assert ApiKey.objects.get(pk=key.pk).revoked_at is not None


@pytest.mark.django_db(transaction=True)
def test_rotations_at_once_leave_one_secret_without_an_end(redis) -> None:
    key, now = ApiKeyFactory(), timezone.now()
    at_once(*[lambda: rotate_key(key_id=key.pk, now=now)] * 4)
    assert key.secrets.count() == 5
    assert key.secrets.filter(works_until=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_keys_from_before_secrets_had_a_table_go_on_working() -> None:
    secret, now = new_secret(), timezone.now()
    executor = MigrationExecutor(connection)
    executor.migrate([("access", None)])
    try:
        executor.loader.build_graph()
        old = executor.migrate([("access", "0001_initial")]).apps
        organization = old.get_model("accounts", "Organization").objects.create(name="Old", tier="growth")
        row = old.get_model("access", "ApiKey").objects.create(
            organization=organization,
            name="old",
            secret_hash=hash_secret(secret),
            prefix=secret[8:16],
            last_four=secret[-4:],
            created_at=now,
        )
    finally:
        call_command("migrate", verbosity=0)  # those that came after it too
    key = working_key(secret=secret, now=now)
    assert key is not None
    assert (key.pk, key.secrets.get().last_four) == (row.pk, secret[-4:])
