"""Who is in an organisation is not deleted, in the admin or elsewhere: it could lose its last owner, unseen."""

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError
from django.test import Client

from apps.accounts.models import Membership
from tests.accounts.people import text
from tests.dashboard.people import person, signed_in
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db
SENTENCE = "ann@example.com is owner of Acme: make another person the owner there if nobody else is, and remove this"


@pytest.fixture
def staff() -> Client:
    return signed_in(User.objects.create_superuser("staff", email="staff@example.com"))


def test_the_last_owner_is_not_deleted_and_the_page_says_what_to_do(staff: Client) -> None:
    ann = person("ann@example.com", OrganizationFactory(name="Acme"))
    for address, fields in [
        (f"/admin/auth/user/{ann.pk}/delete/", {"post": "yes"}),
        ("/admin/auth/user/", {"action": "delete_selected", "_selected_action": str(ann.pk), "post": "yes"}),
    ]:
        assert SENTENCE in text(staff.post(address, fields))
        assert Membership.objects.filter(user=ann).exists()


def test_nor_by_anything_else() -> None:
    ann = person("ann@example.com", OrganizationFactory())
    with pytest.raises(ProtectedError):
        ann.delete()


def test_who_is_in_none_is_deleted(staff: Client) -> None:
    ann = person("ann@example.com")
    staff.post(f"/admin/auth/user/{ann.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=ann.pk).exists()
