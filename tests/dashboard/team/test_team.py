"""The team's page and its forms: what each shows, asks, refuses and says."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.utils import timezone

from apps.accounts.invitations import TWICE
from apps.accounts.models import Invitation, Membership, Organization
from apps.accounts.roles import MAY, Deed, Role
from tests.dashboard.people import address, person, signed_in
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>@example.com"


@pytest.fixture
def acme(db: None) -> Organization:
    return OrganizationFactory(name="Acme")


@pytest.fixture
def jane(acme):
    """Signed in as the owner."""
    return signed_in(person("jane@example.com", acme))


def member(organization: Organization, email: str) -> int:
    return Membership.objects.get(organization=organization, user__email=email).pk


def role_of(organization: Organization, email: str) -> str:
    return Membership.objects.get(organization=organization, user__email=email).role


def said(answer) -> str:
    """The words of the page that an answer leads to, without tags."""
    inline = re.sub(r"</?(?:bdi|strong|b|code|span|time)\b[^>]*>", "", answer.text)
    return " ".join(re.sub(r"<[^>]+>", " ", inline).split())


def test_the_page_shows_people_with_role_and_two_factors(acme, jane) -> None:
    user = person("dev@example.com", acme, "developer")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    page = said(jane.get(address(acme, "team")))
    assert "jane@example.com you Owner" in page
    assert page.count("two factors") == 1
    assert "No invitation is open" in page


def test_the_page_shows_the_very_table_of_roles(acme, jane) -> None:
    page = jane.get(address(acme, "team")).text
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>((?:<td>.*?</td>)+)</tr>', page)
    shown = {deed: re.findall(r"\b(yes|no)\b", re.sub(r"<[^>]+>", " ", cells)) for deed, cells in rows}
    assert shown == {deed.value: ["yes" if deed in MAY[role] else "no" for role in Role] for deed in Deed}


def test_a_viewer_sees_people_and_no_form(acme) -> None:
    viewer = signed_in(person("viewer@example.com", acme, "viewer"))
    page = viewer.get(address(acme, "team")).text
    assert "Invite somebody" not in page
    assert 'name="role"' not in page
    assert "/remove" not in page


def test_the_page_of_a_full_team_takes_few_queries_and_little_room(acme, jane, django_assert_max_num_queries) -> None:
    now = timezone.now()
    for number in range(99):
        person(f"somebody.with.a.long.name.{number}@a-long-domain.example.com", acme, "developer")
    for number in range(50):
        Invitation.objects.create(
            organization=acme, email=f"{number}@example.com", role="viewer", token_hash=str(number), created_at=now,
            expires_at=now + timedelta(days=1),
        )  # fmt: skip
    jane.get(address(acme, "team"))
    with django_assert_max_num_queries(8):
        page = jane.get(address(acme, "team"))
    assert len(page.content) < 190_000  # before it is packed; a tenth of that goes over the wire


def test_a_role_is_changed_and_said(acme, jane) -> None:
    person("dev@example.com", acme, "developer")
    answer = jane.post(address(acme, f"team/{member(acme, 'dev@example.com')}/role"), {"role": "viewer"}, follow=True)
    assert "dev@example.com is viewer now." in said(answer)
    assert role_of(acme, "dev@example.com") == "viewer"


@pytest.mark.parametrize("role", ["owner", "king", ""])
def test_ownership_is_not_given_by_a_crafted_form(acme, jane, role) -> None:
    person("dev@example.com", acme, "developer")
    at = address(acme, f"team/{member(acme, 'dev@example.com')}/role")
    assert "Not done" in said(jane.post(at, {"role": role}, follow=True))
    assert role_of(acme, "dev@example.com") == "developer"


def test_nobody_raises_themselves(acme) -> None:
    person("jane@example.com", acme)
    ada = signed_in(person("ada@example.com", acme, "admin"))
    at = address(acme, f"team/{member(acme, 'ada@example.com')}/role")
    for role in ("owner", "admin", "viewer"):
        ada.post(at, {"role": role})
    assert role_of(acme, "ada@example.com") == "admin"


def test_an_organisation_in_the_form_changes_nothing_elsewhere(acme, jane) -> None:
    other = OrganizationFactory(name="Other")
    jane.post(
        address(acme, "team/invitations"),
        {"email": "new@example.com", "role": "viewer", "organization": other.pk, "organization_id": other.pk},
    )
    assert Invitation.objects.get().organization == acme


def test_removing_asks_first_and_says_that_keys_stay(acme, jane) -> None:
    person("dev@example.com", acme, "developer")
    at = address(acme, f"team/{member(acme, 'dev@example.com')}/remove")
    page = said(jane.get(at))
    assert "Remove dev@example.com?" in page
    assert "go on working" in page
    assert acme.memberships.count() == 2
    assert "dev@example.com is not in Acme any more." in said(jane.post(at, follow=True))
    again = jane.post(at)
    assert again.status_code == 404
    assert "not any more" in said(again)


def test_an_admin_is_told_that_owners_stay(acme) -> None:
    person("jane@example.com", acme)
    ada = signed_in(person("ada@example.com", acme, "admin"))
    at = address(acme, f"team/{member(acme, 'jane@example.com')}/remove")
    assert "only an owner may remove them" in said(ada.get(at))
    assert "only an owner may change that" in said(ada.post(at, follow=True))


def test_a_person_of_another_organisation_is_not_found(acme, jane) -> None:
    other = OrganizationFactory()
    person("stranger@example.com", other, "viewer")
    at = f"team/{member(other, 'stranger@example.com')}"
    for path in (f"{at}/remove", f"{at}/role"):
        assert jane.post(address(acme, path), {"role": "admin"}).status_code == 404
    assert role_of(other, "stranger@example.com") == "viewer"


def test_in_a_tab_left_open_nothing_can_be_done_after_having_been_removed(acme) -> None:
    person("jane@example.com", acme)
    ada_user = person("ada@example.com", acme, "admin")
    ada = signed_in(ada_user)
    assert ada.get(address(acme, "team")).status_code == 200
    Membership.objects.filter(user=ada_user).delete()
    for path in ("team/invitations", f"team/{member(acme, 'jane@example.com')}/remove", "team/leave", "plan/growth"):
        assert ada.post(address(acme, path), {"email": "x@example.com", "role": "admin"}).status_code == 404
    assert not Invitation.objects.exists()


def test_the_last_owner_is_told_to_transfer_first(acme, jane) -> None:
    assert "Transfer the ownership" in said(jane.get(address(acme, "team/leave")))
    assert "last owner" in said(jane.post(address(acme, "team/leave")))
    assert acme.memberships.count() == 1


def test_who_has_left_comes_to_their_other_organisation_or_to_a_new_one(acme, jane) -> None:
    dev_user = person("dev@example.com", acme, "developer")
    dev = signed_in(dev_user)
    assert dev.post(address(acme, "team/leave")).url == "/dashboard"
    assert dev.get("/dashboard").url == "/dashboard/new"
    assert "You have left Acme." in said(dev.get("/dashboard/new"))


def test_ownership_is_transferred_by_typing_the_name(acme, jane) -> None:
    person("ada@example.com", acme, "admin")
    at = address(acme, "team/transfer")
    wrong = jane.post(at, {"member": member(acme, "ada@example.com"), "name": "acme"})
    assert "This is not the name" in said(wrong)
    assert 'value="acme"' in wrong.text
    answer = jane.post(at, {"member": member(acme, "ada@example.com"), "name": "Acme"}, follow=True)
    assert "you are admin now" in said(answer)
    assert role_of(acme, "ada@example.com") == "owner"
    assert jane.post(at, {"member": member(acme, "ada@example.com"), "name": "Acme"}).status_code == 403


def test_the_owner_alone_is_led_to_invite_somebody(acme, jane) -> None:
    assert "Invite somebody first" in said(jane.get(address(acme, "team/transfer")))


def test_renaming_keeps_what_was_typed_where_it_is_refused(acme, jane) -> None:
    OrganizationFactory(name="Taken")
    at = address(acme, "team/rename")
    for name, why in [("taken", "choose another name"), ("x" * 121, "at most 120"), ("\x00", "Null"), ("", "required")]:
        answer = jane.post(at, {"name": name})
        assert why in said(answer)
    assert 'value="taken"' in jane.post(at, {"name": "taken"}).text
    assert "new name" in said(jane.post(at, {"name": "Acme Betting"}, follow=True))
    assert Organization.objects.get(pk=acme.pk).name == "Acme Betting"


def test_an_invitation_is_sent_listed_sent_again_and_withdrawn(acme, jane) -> None:
    at = address(acme, "team/invitations")
    answer = jane.post(at, {"email": "New@example.com", "role": "viewer"}, follow=True)
    assert "on its way to New@example.com" in said(answer)
    assert "new@example.com" in said(answer)
    Invitation.objects.update(created_at=timezone.now() - TWICE)
    jane.post(at, {"email": "new@example.com", "role": "viewer"})
    assert len(mail.outbox) == 2
    invitation = Invitation.objects.get()
    withdraw = address(acme, f"team/invitations/{invitation.pk}/withdraw")
    assert "opens nothing any more" in said(jane.post(withdraw, follow=True))
    assert "Not done: This invitation is not open" in said(jane.post(withdraw, follow=True))
    assert jane.get(withdraw).url == address(acme, "team")


@pytest.mark.parametrize(
    ("email", "role", "why"),
    [
        ("", "viewer", "required"),
        ("nobody", "viewer", "valid email"),
        ("jane@example.com", "viewer", "is in Acme already"),
        ("a@example.com", "owner", "valid choice"),
        ("a\x00@example.com", "viewer", "Null characters"),
        ("x" * 10_000 + "@example.com", "viewer", "at most 254"),
    ],
)
def test_a_wrong_invitation_is_said_at_the_field_and_kept(acme, jane, email, role, why) -> None:
    answer = jane.post(address(acme, "team/invitations"), {"email": email, "role": role})
    assert why in said(answer)
    assert 'aria-invalid="true"' in answer.text
    assert not mail.outbox


def test_what_people_are_called_is_text_wherever_it_stands(acme) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="<script>alert(2)</script>")
    jane = signed_in(person(HOSTILE, acme))
    person(f"2{HOSTILE}", acme, "admin")
    now = timezone.now()
    Invitation.objects.create(
        organization=acme, email=HOSTILE, role="viewer", token_hash="x", created_at=now,
        expires_at=now - timedelta(days=1),
    )  # fmt: skip
    paths = ["team", f"team/{member(acme, f'2{HOSTILE}')}/remove", "team/leave", "team/transfer", "team/rename"]
    for path in paths:
        page = jane.get(address(acme, path)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
