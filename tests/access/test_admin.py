"""Keys in the admin: seen without a secret, revoked, never made."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from apps.access.keys import hash_secret
from apps.access.models import ApiKey
from apps.access.services import rotate_key
from tests.factories import ApiKeyFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/access/apikey/"


def test_the_pages_show_the_ends_of_a_key_and_no_secret(admin_client) -> None:
    key = ApiKeyFactory()
    for page in (LIST, reverse("admin:access_apikey_change", args=[key.pk])):
        html = admin_client.get(page).content.decode()
        assert f"betedge_{key.prefix}…{key.last_four}" in html
        assert key.secret not in html
        assert hash_secret(key.secret) not in html


def test_selected_keys_are_revoked(admin_client) -> None:
    key, other = ApiKeyFactory(), ApiKeyFactory()
    admin_client.post(LIST, {"action": "revoke", "_selected_action": [str(key.pk)]})
    assert ApiKey.objects.get(pk=key.pk).revoked_at is not None
    assert ApiKey.objects.get(pk=other.pk).revoked_at is None


def test_keys_are_neither_made_nor_changed_nor_deleted_here(admin_client) -> None:
    key = ApiKeyFactory()
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{LIST}{key.pk}/change/", {"name": "other"}).status_code == 403


def test_who_may_only_look_may_not_revoke(client) -> None:
    from django.contrib.auth.models import Permission

    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client.force_login(user)
    key = ApiKeyFactory()
    client.post(LIST, {"action": "revoke", "_selected_action": [str(key.pk)]})
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


def test_a_keys_page_shows_which_of_its_secrets_is_still_used(admin_client) -> None:
    key, now = ApiKeyFactory(), timezone.now()
    key.secrets.update(last_used_at=datetime(2031, 5, 25, 15, 2, tzinfo=UTC))
    rotated, new = rotate_key(key_id=key.pk, now=now)
    html = admin_client.get(reverse("admin:access_apikey_change", args=[key.pk])).content.decode()
    assert f"betedge_{key.prefix}…{key.last_four}" in html
    assert f"betedge_{rotated.prefix}…{rotated.last_four}" in html
    assert "15:02" in html
    assert new not in html
    assert hash_secret(new) not in html


def test_a_key_is_searched_by_the_beginning_of_any_secret_it_had(admin_client) -> None:
    key, other = ApiKeyFactory(), ApiKeyFactory()
    rotate_key(key_id=key.pk, now=timezone.now())
    html = admin_client.get(LIST, {"q": key.prefix}).content.decode()
    assert str(key.pk) in html
    assert str(other.pk) not in html
