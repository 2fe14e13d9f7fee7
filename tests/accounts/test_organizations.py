"""Organisations: made by people and by commands, renamed, moved between tiers, kept."""

from uuid import uuid4

import pytest
from django.db import IntegrityError

from apps.accounts.models import Membership, Organization
from apps.accounts.services import (
    MOST_OWNED,
    OrganizationRefused,
    change_tier,
    create_organization,
    organization_on_tier,
    rename_organization,
)
from apps.accounts.tiers import TIERS, reaches
from tests.accounts.acting import NOW, STAFF, by, logged
from tests.dashboard.people import person
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


def test_one_name_is_one_organisation_on_the_last_tier_named() -> None:
    first = organization_on_tier(name="Acme", tier="starter", now=NOW)
    again = organization_on_tier(name=" Acme ", tier="growth", now=NOW)
    assert (first.pk, again.tier) == (again.pk, "growth")
    assert Organization.objects.count() == 1
    assert logged(first) == [("organization.created", "Acme"), ("organization.tier_changed", "growth")]


def test_an_unknown_tier_is_refused_here_and_by_the_database() -> None:
    with pytest.raises(OrganizationRefused, match="starter, growth, enterprise"):
        organization_on_tier(name="Acme", tier="gold", now=NOW)
    assert not Organization.objects.exists()
    with pytest.raises(IntegrityError):
        OrganizationFactory(tier="gold")


def test_the_table_of_tiers_is_the_contracts() -> None:
    assert {slug: (tier.hourly, tier.monthly, tier.active_keys) for slug, tier in TIERS.items()} == {
        "starter": (100, 10_000, 2),
        "growth": (1_000, 100_000, 10),
        "enterprise": (10_000, 1_000_000, 50),
    }
    assert [reaches(tier, "growth") for tier in TIERS] == [False, True, True]


def test_whoever_makes_an_organisation_owns_it_on_starter() -> None:
    jane = person("jane@example.com")
    made = create_organization(name="  Acme   Betting ", owner=jane, by=by(jane), now=NOW)
    assert (made.name, made.tier) == ("Acme Betting", "starter")
    assert Membership.objects.get().role == "owner"
    assert logged(made) == [("organization.created", "Acme Betting")]


def test_a_form_that_is_sent_twice_makes_one_organisation() -> None:
    jane, name = person("jane@example.com"), uuid4()
    first = create_organization(name="Acme", owner=jane, by=by(jane), now=NOW, organization_id=name)
    again = create_organization(name="Acme", owner=jane, by=by(jane), now=NOW, organization_id=name)
    assert first == again
    assert len(logged(first)) == 1


def test_the_id_of_somebody_elses_organisation_makes_and_changes_nothing() -> None:
    theirs, jane = OrganizationFactory(name="Theirs"), person("jane@example.com")
    with pytest.raises(OrganizationRefused, match="open the page again"):
        create_organization(name="Acme", owner=jane, by=by(jane), now=NOW, organization_id=theirs.pk)
    assert Organization.objects.get().name == "Theirs"
    assert not Membership.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 121, "x" * 10_000, "nul\x00", "rtl \u202egpj.exe", "zero\u200bwidth", "see https://evil.example",
     "www.evil.example"],
)  # fmt: skip
def test_names_that_deceive_or_do_not_fit_are_refused(name: str) -> None:
    jane = person("jane@example.com")
    with pytest.raises(OrganizationRefused):
        create_organization(name=name, owner=jane, by=by(jane), now=NOW)
    assert not Organization.objects.exists()


@pytest.mark.parametrize("name", ["Acme", "ACME", " acme "])
def test_a_taken_name_is_refused_whatever_its_case(name: str) -> None:
    OrganizationFactory(name="Acme")
    jane = person("jane@example.com")
    with pytest.raises(OrganizationRefused, match="choose another name"):
        create_organization(name=name, owner=jane, by=by(jane), now=NOW)


def test_one_person_owns_ten_organisations_at_most() -> None:
    jane = person("jane@example.com")
    for number in range(MOST_OWNED):
        create_organization(name=f"Acme {number}", owner=jane, by=by(jane), now=NOW)
    with pytest.raises(OrganizationRefused, match="owns 10 organisations"):
        create_organization(name="One more", owner=jane, by=by(jane), now=NOW)


def test_a_new_name_is_logged_with_the_old_one_and_the_same_name_is_not() -> None:
    acme, jane = OrganizationFactory(name="Acme"), person("jane@example.com")
    rename_organization(organization=acme, name="Acme Betting", by=by(jane), now=NOW)
    rename_organization(organization=acme, name="Acme Betting", by=by(jane), now=NOW)
    rename_organization(organization=acme, name="ACME betting", by=by(jane), now=NOW)
    entries = list(acme.audit_entries.order_by("id").values_list("subject", "details"))
    assert entries == [("Acme Betting", {"before": "Acme"}), ("ACME betting", {"before": "Acme Betting"})]


def test_a_tier_changed_to_itself_is_no_change() -> None:
    acme = OrganizationFactory(tier="growth")
    change_tier(organization=acme, tier="growth", by=STAFF, now=NOW)
    change_tier(organization=acme, tier="starter", by=STAFF, now=NOW)
    assert logged(acme) == [("organization.tier_changed", "starter")]


def test_the_admin_changes_a_tier_and_deletes_nobody(admin_client) -> None:
    organization = OrganizationFactory(tier="starter")
    page = f"/admin/accounts/organization/{organization.pk}"
    members = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    admin_client.post(f"{page}/change/", {"name": organization.name, "tier": "growth", **members})
    assert Organization.objects.get().tier == "growth"
    assert logged(organization) == [("organization.tier_changed", "growth")]
    assert admin_client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403


def test_the_admin_keeps_an_owner_and_logs_who_came_and_went(admin_client) -> None:
    acme = OrganizationFactory(name="Acme")
    jane, john = person("jane@example.com", acme), person("john@example.com")
    page = f"/admin/accounts/organization/{acme.pk}/change/"
    mine = acme.memberships.get()
    rows = {
        "name": "Acme", "tier": acme.tier, "memberships-TOTAL_FORMS": "2", "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": mine.pk, "memberships-0-organization": acme.pk, "memberships-0-user": jane.pk,
        "memberships-1-organization": acme.pk, "memberships-1-user": john.pk, "memberships-1-role": "viewer",
    }  # fmt: skip
    refused = admin_client.post(page, {**rows, "memberships-0-role": "viewer"})
    assert "never without an owner" in refused.text
    assert [each.role for each in acme.memberships.all()] == ["owner"]
    admin_client.post(page, {**rows, "memberships-0-role": "viewer", "memberships-1-role": "owner"})
    assert set(logged(acme)) == {("member.joined", "john@example.com"), ("member.role_changed", "jane@example.com")}
    swapped = admin_client.post(
        page, {**rows, "memberships-INITIAL_FORMS": "1", "memberships-TOTAL_FORMS": "1",
               "memberships-0-role": "owner", "memberships-0-user": john.pk},
    )  # fmt: skip
    assert "one person&#x27;s" in swapped.text
