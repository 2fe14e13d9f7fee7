"""Organisations: made by name, moved between tiers, kept."""

import pytest
from django.db import IntegrityError

from apps.accounts.models import Organization
from apps.accounts.services import OrganizationRefused, organization_on_tier
from apps.accounts.tiers import TIERS, reaches
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


def test_one_name_is_one_organisation_on_the_last_tier_named() -> None:
    first = organization_on_tier(name="Acme", tier="starter")
    again = organization_on_tier(name=" Acme ", tier="growth")
    assert (first.pk, again.tier) == (again.pk, "growth")
    assert Organization.objects.count() == 1


def test_an_unknown_tier_is_refused_here_and_by_the_database() -> None:
    with pytest.raises(OrganizationRefused, match="starter, growth, enterprise"):
        organization_on_tier(name="Acme", tier="gold")
    with pytest.raises(IntegrityError):
        OrganizationFactory(tier="gold")


def test_the_table_of_tiers_is_the_contracts() -> None:
    assert {slug: (tier.hourly, tier.monthly, tier.active_keys) for slug, tier in TIERS.items()} == {
        "starter": (100, 10_000, 2),
        "growth": (1_000, 100_000, 10),
        "enterprise": (10_000, 1_000_000, 50),
    }
    assert [reaches(tier, "growth") for tier in TIERS] == [False, True, True]


def test_the_admin_changes_a_tier_and_deletes_nobody(admin_client) -> None:
    organization = OrganizationFactory(tier="starter")
    page = f"/admin/accounts/organization/{organization.pk}"
    members = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    admin_client.post(f"{page}/change/", {"name": organization.name, "tier": "growth", **members})
    assert Organization.objects.get().tier == "growth"
    assert admin_client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
