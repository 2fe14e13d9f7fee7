"""Every role at every page and form of team, plan and audit log: in, or 403 with the sentence that says who may."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import AuditEntry, Invitation, Membership, Organization, TierRequest
from apps.accounts.roles import Deed, Role, may
from tests.dashboard.people import address, person, signed_in
from tests.dashboard.team.test_team import said
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db

DOORS = [  # path, deed, what is sent; `{…}` is filled in with the rows of the fixture
    ("team", Deed.LOOK, None),
    ("plan", Deed.LOOK, None),
    ("team/leave", Deed.LOOK, None),
    ("team/invitations", Deed.TEAM, {"email": "x@example.com", "role": "viewer"}),
    ("team/{member}/role", Deed.TEAM, {"role": "developer"}),
    ("team/{member}/remove", Deed.TEAM, None),
    ("team/{member}/remove", Deed.TEAM, {}),
    ("team/invitations/{invitation}/withdraw", Deed.TEAM, {}),
    ("audit-log", Deed.AUDIT, None),
    ("audit-log.csv", Deed.AUDIT, None),
    ("plan/enterprise", Deed.PLAN, None),
    ("plan/enterprise", Deed.PLAN, {"note": ""}),
    ("plan/withdraw", Deed.PLAN, {}),
    ("team/rename", Deed.RENAME, None),
    ("team/rename", Deed.RENAME, {"name": "Other"}),
    ("team/transfer", Deed.TRANSFER, None),
    ("team/transfer", Deed.TRANSFER, {"member": "{member}", "name": "Acme"}),
]


@pytest.fixture
def acme(db: None) -> Organization:
    organization = OrganizationFactory(name="Acme", tier="growth")
    person("jane@example.com", organization)
    return organization


@pytest.fixture
def rows(acme) -> dict[str, str]:
    """Somebody to touch and an invitation to withdraw, by the names that DOORS uses."""
    person("target@example.com", acme, "viewer")
    now = timezone.now()
    invitation = Invitation.objects.create(
        organization=acme, email="i@example.com", role="viewer", token_hash="x", created_at=now, expires_at=now
    )
    return {"member": str(acme.memberships.get(role="viewer").pk), "invitation": str(invitation.pk)}


def knock(client: Client, organization: Organization, path: str, sent: dict | None, rows: dict[str, str]):
    at = address(organization, path.format(**rows))
    if sent is None:
        return client.get(at)
    return client.post(at, {name: value.format(**rows) for name, value in sent.items()})


def everything() -> list[list[tuple]]:
    models = (Organization, Membership, Invitation, TierRequest, AuditEntry)
    return [sorted(model.objects.values_list(), key=str) for model in models]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("path", "deed", "sent"), DOORS)
def test_each_role_at_each_door(acme, rows, role, path, deed, sent) -> None:
    client = signed_in(person("me@example.com", acme, role))
    before = everything()
    answer = knock(client, acme, path, sent, rows)
    if may(role, deed):
        assert answer.status_code in (200, 302)
    else:
        assert answer.status_code == 403
        assert f"In Acme you are {role}. To {deed.value} one must be" in said(answer)
        assert everything() == before


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("path", "deed", "sent"), DOORS)
def test_no_role_of_another_organisation_opens_a_door(acme, rows, role, path, deed, sent) -> None:
    client = signed_in(person("me@example.com", OrganizationFactory(), role))
    before = everything()
    assert knock(client, acme, path, sent, rows).status_code == 404
    assert everything() == before


@pytest.mark.parametrize(("path", "deed", "sent"), DOORS)
def test_who_is_signed_out_is_led_to_sign_in(acme, rows, path, deed, sent) -> None:
    answer = knock(Client(), acme, path, sent, rows)
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/?next=")


@pytest.mark.parametrize(("path", "deed", "sent"), [door for door in DOORS if door[2] is not None])
def test_a_form_without_its_token_changes_nothing(acme, rows, path, deed, sent) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("jane@example.com"))
    before = everything()
    assert knock(client, acme, path, sent, rows).status_code == 403
    assert everything() == before


def test_every_form_of_the_area_is_at_a_door_of_the_table() -> None:
    from apps.dashboard.team.urls import urlpatterns

    def shape(path: str) -> str:
        return path.replace("<int:member_id>", "{member}").replace("<uuid:invitation_id>", "{invitation}")

    known = {path for path, _, _ in DOORS} | {"plan/<slug:tier>"}
    assert {shape(str(each.pattern)) for each in urlpatterns} <= known
