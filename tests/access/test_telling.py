"""Every change of a key stands in the audit log, with whoever made it, and no secret does."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.access.models import ApiKey
from apps.access.services import (
    DoneAlready,
    KeyNotWorking,
    KeyRefused,
    create_key,
    end_old_secrets,
    expire_key,
    rename_key,
    revoke_key,
    rotate_key,
)
from apps.accounts.audit import Actor, Kind
from apps.accounts.models import AuditEntry
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.together import at_once

pytestmark = pytest.mark.django_db
ADA = Actor(Kind.PERSON, "ada@example.test", user_id=7, address="192.0.2.7")


def told() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_each_change_is_told_with_its_actor_and_without_a_secret(redis) -> None:
    now = timezone.now()
    key, first = create_key(organization=OrganizationFactory(), name="mine", now=now, by=ADA)
    _, second = rotate_key(key_id=key.pk, now=now, by=ADA)
    end_old_secrets(key_id=key.pk, now=now, by=ADA)
    expire_key(key_id=key.pk, at=now + timedelta(days=1), now=now, by=ADA)
    rename_key(key_id=key.pk, name="ours", now=now, by=ADA)
    revoke_key(key_id=key.pk, now=now, by=ADA)
    assert told() == [
        f"key.{done}" for done in ("created", "rotated", "old_secrets_ended", "expiry_changed", "renamed", "revoked")
    ]
    entries = list(AuditEntry.objects.values())
    assert {(entry["actor"], entry["user_id"], entry["address"]) for entry in entries} == {
        ("ada@example.test", 7, "192.0.2.7")
    }
    for secret in (first, second):
        assert secret not in json.dumps(entries, default=str)


def test_what_changes_nothing_is_not_told(redis) -> None:
    key, now = ApiKeyFactory(), timezone.now()
    assert end_old_secrets(key_id=key.pk, now=now) == 0
    revoke_key(key_id=key.pk, now=now)
    revoke_key(key_id=key.pk, now=now)
    with pytest.raises(KeyNotWorking):
        end_old_secrets(key_id=key.pk, now=now)
    assert told() == ["key.revoked"]


def test_a_change_that_is_refused_is_not_told(redis) -> None:
    organization, now = OrganizationFactory(), timezone.now()
    with pytest.raises(KeyRefused, match="in the future"):
        create_key(organization=organization, name="mine", now=now, expires_at=now)
    assert (told(), ApiKey.objects.count()) == ([], 0)


def test_commands_act_as_the_service_and_the_admin_as_staff(redis, admin_client, capsys) -> None:
    call_command("create_key", org="Acme", tier="starter")
    key = ApiKey.objects.get()
    admin_client.post("/admin/access/apikey/", {"action": "revoke", "_selected_action": [str(key.pk)]})
    entries = {entry.action: entry.actor_kind for entry in AuditEntry.objects.filter(action__startswith="key.")}
    assert entries == {"key.created": "system", "key.revoked": "staff"}


@pytest.mark.django_db(transaction=True)
def test_the_same_form_at_the_same_moment_makes_one_key_and_one_rotation(redis) -> None:
    organization, name, now = OrganizationFactory(), uuid4(), timezone.now()
    made = at_once(*[lambda: create_key(organization=organization, name="k", now=now, key_id=name)] * 4)
    assert sorted(type(each).__name__ for each in made) == ["DoneAlready"] * 3 + ["tuple"]
    key = ApiKey.objects.get()
    turned = at_once(*[lambda: rotate_key(key_id=key.pk, now=now, replacing=key.prefix)] * 4)
    assert sum(isinstance(each, DoneAlready) for each in turned) == 3
    assert key.secrets.count() == 2
