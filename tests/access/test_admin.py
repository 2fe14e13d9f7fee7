"""Keys in the admin: seen without a secret, revoked, never made."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from apps.access.models import ApiKey
from tests.factories import ApiKeyFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/access/apikey/"


def test_the_pages_show_the_ends_of_a_key_and_no_secret(admin_client) -> None:
    key = ApiKeyFactory()
    for page in (LIST, reverse("admin:access_apikey_change", args=[key.pk])):
        html = admin_client.get(page).content.decode()
        assert f"betedge_{key.prefix}…{key.last_four}" in html
        assert key.secret not in html
        assert key.secret_hash not in html


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
