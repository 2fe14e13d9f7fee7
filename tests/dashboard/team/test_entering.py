"""Making an organisation, joining one, and what the link of an invitation opens for whom."""

from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.accounts.invitations import invite, withdraw_invitation
from apps.accounts.models import Invitation, Membership, Organization
from apps.dashboard.team.names import suggested_name
from tests.accounts.acting import by
from tests.accounts.test_invitations import token_in
from tests.dashboard.people import address, person, signed_in
from tests.dashboard.team.test_team import said
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(db: None) -> Organization:
    return OrganizationFactory(name="Acme")


@pytest.fixture
def link(acme) -> str:
    """Of an invitation for new@example.com."""
    jane = person("jane@example.com", acme)
    invite(organization=acme, email="new@example.com", role="developer", by=by(jane), now=timezone.now())
    return f"/dashboard/invitations/{token_in(mail.outbox[-1])}"


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("jane@acme.com", "Acme"),
        ("jane@mail.acme.co.uk", "Acme"),
        ("jane@gmail.com", "jane's team"),
        ("jane@yahoo.co.uk", "jane's team"),
        ("jane@localhost", "jane's team"),
        ("", ""),
    ],
)
def test_a_name_is_suggested(email, name) -> None:
    assert suggested_name(email) == name


def test_a_newcomer_makes_an_organisation_and_comes_to_its_first_key() -> None:
    jane = signed_in(person("jane@acme.com"))
    assert jane.get("/dashboard").url == "/dashboard/new"
    assert 'value="Acme"' in jane.get("/dashboard/new").text
    answer = jane.post("/dashboard/new", {"name": "Acme", "id": uuid4(), "tier": "enterprise", "role": "viewer"})
    made = Organization.objects.get()
    assert answer.url == address(made, "api-keys")
    assert (made.tier, made.memberships.get().role) == ("starter", "owner")


def test_the_form_sent_twice_makes_one() -> None:
    jane, sent = signed_in(person("jane@acme.com")), {"name": "Acme", "id": uuid4()}
    assert jane.post("/dashboard/new", sent).url == jane.post("/dashboard/new", sent).url
    assert Organization.objects.count() == 1


def test_a_refused_name_is_said_and_kept(acme) -> None:
    jane = signed_in(person("jane@acme.com"))
    for name, why in [("acme", "choose another name"), ("www.evil.example", "no web address"), ("", "required"),
                      ("rtl \u202egpj", "printable"), ("\x00", "Null"), ("x" * 10_000, "at most 120")]:  # fmt: skip
        answer = jane.post("/dashboard/new", {"name": name, "id": uuid4()})
        assert why in said(answer)
        assert 'aria-invalid="true"' in answer.text
    assert Organization.objects.count() == 1


def test_who_is_signed_out_is_led_to_sign_in_and_back() -> None:
    assert Client().get("/dashboard/new").url == "/accounts/login/?next=/dashboard/new"


def test_an_invitation_waits_above_the_form_and_joining_takes_one_click(acme, link) -> None:
    new = signed_in(person("new@example.com"))
    page = said(new.get("/dashboard/new"))
    assert "You are invited" in page
    assert "jane@example.com invites you to join as developer" in page
    answer = new.post(f"/dashboard/join/{Invitation.objects.get().pk}", {"role": "owner"}, follow=True)
    assert "You are in Acme now, as developer." in said(answer)
    assert Membership.objects.get(user__email="new@example.com").role == "developer"


def test_the_invitation_of_somebody_else_is_not_found(acme, link) -> None:
    other = signed_in(person("other@example.com"))
    assert other.post(f"/dashboard/join/{Invitation.objects.get().pk}").status_code == 404
    assert "You are invited" not in said(other.get("/dashboard/new"))


def test_a_link_opened_signed_out_says_who_invites_to_what_and_how_to_go_on(acme, link) -> None:
    answer = Client().get(link)
    page = said(answer)
    assert "jane@example.com invites n…@example.com to join the organisation Acme" in page
    assert "new@example.com" not in answer.text
    assert f"/accounts/signup/?next={quote(link, safe='')}" in answer.text
    assert f"/accounts/login/?next={quote(link, safe='')}" in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"


def test_the_page_is_the_same_whether_the_address_has_an_account_or_not(acme, link) -> None:
    before = Client().get(link).text
    person("new@example.com")
    assert Client().get(link).text == before


def test_a_signed_out_form_is_led_to_sign_in_and_back(link) -> None:
    assert Client().post(link).url == f"/accounts/login/?next={link}"


def test_whoever_it_is_for_accepts_by_a_click_and_the_link_then_leads_in(acme, link) -> None:
    new = signed_in(person("new@example.com"))
    assert "Join Acme" in said(new.get(link))
    assert not acme.memberships.filter(user__email="new@example.com").exists()
    assert new.post(link).url == address(acme, "api-keys")
    assert new.post(link).url == address(acme, "api-keys")
    assert new.get(link).url == address(acme, "api-keys")
    assert acme.memberships.filter(user__email="new@example.com").count() == 1
    assert "opens once" in said(Client().get(link))


def test_somebody_else_is_told_for_whom_it_is_and_takes_nothing(acme, link) -> None:
    other = signed_in(person("other@example.com"))
    for answer in (other.get(link), other.post(link)):
        page = said(answer)
        assert "signed in as other@example.com, and the invitation is for n…@example.com" in page
        assert "new@example.com" not in answer.text
    assert not acme.memberships.filter(user__email="other@example.com").exists()


def test_closed_links_say_so(acme, link) -> None:
    invitation, jane = Invitation.objects.get(), person("jane@example.com", acme)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expired = Client().get(link)
    assert (expired.status_code, "has expired" in said(expired)) == (410, True)
    withdraw_invitation(organization=acme, invitation_id=invitation.pk, by=by(jane), now=timezone.now())
    new = signed_in(person("new@example.com"))
    for answer in (new.get(link), new.post(link)):
        assert (answer.status_code, "was withdrawn" in said(answer)) == (410, True)
    assert not acme.memberships.filter(user__email="new@example.com").exists()


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "%ff%fe", "x" * 2_000, "<script>alert(1)</script>", "..%2f"])
def test_forged_links_open_nothing(link, token) -> None:
    answer = Client().get(f"/dashboard/invitations/{token}")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


def test_what_an_inviter_is_called_is_text(acme) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="<b>Acme</b>")
    jane = person("<i>@example.com", acme)
    invite(organization=acme, email="new@example.com", role="viewer", by=by(jane), now=timezone.now())
    new = signed_in(person("new@example.com"))
    for page in (new.get("/dashboard/new"), new.get(f"/dashboard/invitations/{token_in(mail.outbox[-1])}")):
        assert "<b>Acme" not in page.text
        assert "<i>@" not in page.text


def test_the_pages_take_few_queries(acme, link, django_assert_max_num_queries) -> None:
    user = person("new@example.com")
    new, now = signed_in(user), timezone.now()
    for number in range(30):
        Invitation.objects.create(
            organization=OrganizationFactory(), email="new@example.com", role="viewer", token_hash=str(number),
            created_at=now, expires_at=now + timedelta(days=1), invited_by=user,
        )  # fmt: skip
    new.get(link)
    with django_assert_max_num_queries(6):
        new.get(link)
    with django_assert_max_num_queries(6):
        new.get("/dashboard/new")
