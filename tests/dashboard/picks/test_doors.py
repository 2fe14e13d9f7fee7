"""Who may open the pages of picks: every role of the organisation, nobody of another, nobody unknown."""

import pytest
from django.test import Client

from apps.accounts.roles import Role
from tests.dashboard.people import address, person, signed_in
from tests.factories import OrganizationFactory, PickFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages() -> list[str]:
    return ["picks", "track-record", f"picks/{PickFactory(published=True).pk}"]


@pytest.mark.parametrize("role", Role)
def test_every_role_sees_the_same(pages: list[str], role: Role) -> None:
    acme = OrganizationFactory(tier="growth")
    member = signed_in(person("member@example.com", acme, role=role))
    for page in pages:
        assert member.get(address(acme, page)).status_code == 200
        assert member.post(address(acme, page)).status_code == 405


@pytest.mark.parametrize("role", Role)
def test_nobody_of_another_organisation_comes_in(pages: list[str], role: Role) -> None:
    stranger = signed_in(person("stranger@example.com", OrganizationFactory(), role=role))
    acme = OrganizationFactory()
    assert {stranger.get(address(acme, page)).status_code for page in pages} == {404}


def test_who_is_not_signed_in_is_led_there_and_back(pages: list[str]) -> None:
    acme = OrganizationFactory()
    for page in pages:
        answer = Client().get(address(acme, page))
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address(acme, page)}")
