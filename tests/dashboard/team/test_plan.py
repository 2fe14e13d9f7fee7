"""The plan's page: tiers side by side, usage, the forecast, requests, and what a downgrade stops."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.access.models import UsageHour, UsageMonth
from apps.accounts.models import Organization, TierRequest
from apps.accounts.tier_requests import decline
from apps.dashboard.team import plan
from apps.dashboard.team.downgrade import what_stops
from tests.accounts.acting import STAFF
from tests.dashboard.people import address, person, signed_in
from tests.dashboard.team.test_team import said
from tests.factories import ApiKeyFactory, OrganizationFactory
from tests.webhooks.delivering import subscribed

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)


@pytest.fixture
def acme(db: None) -> Organization:
    return OrganizationFactory(name="Acme", tier="growth")


@pytest.fixture
def jane(acme):
    """Signed in as the owner."""
    return signed_in(person("jane@example.com", acme))


@pytest.fixture
def noon(monkeypatch) -> datetime:
    """The pages' clock, at noon of the month's eleventh day."""
    monkeypatch.setattr(plan.timezone, "now", lambda: NOON)
    return NOON


def used(organization: Organization, counted: int, at: datetime) -> None:
    UsageMonth.objects.create(organization=organization, month=at.date().replace(day=1), counted=counted)


def test_the_tiers_stand_side_by_side_and_the_own_one_is_named(acme, jane) -> None:
    page = said(jane.get(address(acme, "plan")))
    assert "Growth your tier" in page
    for number in ("100", "10,000", "1,000", "100,000", "1,000,000", "In force now.", "Ask for Enterprise"):
        assert number in page
    assert "Go down to Starter" in page


def test_usage_stands_against_the_tier_with_the_time_at_which_it_is_used_up(acme, jane, noon) -> None:
    used(acme, 60_000, noon)
    ApiKeyFactory(organization=acme)
    page = said(jane.get(address(acme, "plan")))
    assert "60,000 of 100,000, 40,000 left" in page
    assert "1 of 10" in page
    # 10.5 days for 60,000: 17.5 days for 100,000
    assert "cap is reached on Monday, 18 May 2026 12:00 UTC" in page


def test_nothing_is_foretold_of_a_pace_that_stays_below(acme, jane, noon) -> None:
    used(acme, 20_000, noon)
    assert "cap is reached" not in said(jane.get(address(acme, "plan")))


def test_a_used_up_month_says_until_when(acme, jane, noon) -> None:
    used(acme, 100_000, noon)
    page = said(jane.get(address(acme, "plan")))
    assert "every request is refused until 1 Jun 2026 00:00 UTC" in page


def test_a_tier_is_asked_for_shown_as_waiting_and_withdrawn(acme, jane) -> None:
    answer = jane.post(address(acme, "plan/enterprise"), {"note": "For <b>May</b>", "status": "granted"}, follow=True)
    page = said(answer)
    assert "Waiting: jane@example.com asked for the Enterprise tier" in page
    assert "For <b>May" not in answer.text
    assert TierRequest.objects.get().status == "waiting"
    jane.post(address(acme, "plan/enterprise"), {"note": ""})
    assert TierRequest.objects.count() == 1
    assert "withdraw it first" in said(jane.post(address(acme, "plan/starter"), {"note": "kept"}))
    assert "is withdrawn" in said(jane.post(address(acme, "plan/withdraw"), follow=True))
    assert "No request waits" in said(jane.post(address(acme, "plan/withdraw"), follow=True))
    assert jane.get(address(acme, "plan/withdraw")).url == address(acme, "plan")


def test_what_staff_answered_is_shown_as_text(acme, jane) -> None:
    jane.post(address(acme, "plan/enterprise"), {"note": ""})
    decline(request_id=TierRequest.objects.get().pk, answer="<script>no</script>", by=STAFF, now=timezone.now())
    answer = jane.get(address(acme, "plan"))
    assert "declined" in said(answer)
    assert "&lt;script&gt;no" in answer.text


@pytest.mark.parametrize("note", ["x" * 2_001, "nul\x00"])
def test_a_note_that_cannot_be_kept_is_said(acme, jane, note) -> None:
    answer = jane.post(address(acme, "plan/enterprise"), {"note": note})
    assert 'aria-invalid="true"' in answer.text
    assert not TierRequest.objects.exists()


def test_a_tier_that_there_is_not_and_the_own_one(acme, jane) -> None:
    assert jane.get(address(acme, "plan/gold")).status_code == 404
    assert jane.post(address(acme, "plan/growth")).url == address(acme, "plan")


def test_a_downgrade_says_what_stops_before_it_is_asked_for(acme, jane) -> None:
    now = timezone.now()
    keys = [ApiKeyFactory(organization=acme) for _ in range(3)]
    subscribed(key=keys[0], now=now)
    used(acme, 10_001, now)
    UsageHour.objects.create(key=keys[1], hour=now - timedelta(hours=2), endpoint="picks", counted=640)
    page = said(jane.get(address(acme, "plan/starter")))
    for part in (
        "1 webhook becomes disabled",
        "/api/v1/webhooks answers 403",
        "/api/v1/track-record answers 403",
        "3 keys work, and Starter allows 2. All of them go on working",
        "10,001 requests were counted this month, more than the 10,000",
        "640 requests in an hour",
    ):
        assert part in page, part
    assert "Open streams" not in page


def test_from_enterprise_streams_end_and_what_is_not_used_is_not_mentioned(jane, acme) -> None:
    Organization.objects.update(tier="enterprise")
    page = said(jane.get(address(acme, "plan/growth")))
    assert "Open streams end within seconds" in page
    assert "disabled" not in page
    assert "requests in an hour" not in page


def test_a_webhook_whose_key_has_ended_stops_no_more() -> None:
    organization = OrganizationFactory(tier="growth")
    key = ApiKeyFactory(organization=organization, revoked_at=timezone.now())
    subscribed(key=key, now=timezone.now())
    assert not what_stops(organization, "starter", now=timezone.now()).webhooks


def test_an_upgrade_warns_of_nothing(acme, jane) -> None:
    page = said(jane.get(address(acme, "plan/enterprise")))
    assert "stops" not in page
    assert "/api/v1/picks/stream" in page


def test_a_key_over_the_allowance_works_on_but_no_new_one_is_made(acme, jane) -> None:
    for _ in range(3):
        ApiKeyFactory(organization=acme)
    Organization.objects.update(tier="starter")
    page = said(jane.get(address(acme, "plan")))
    assert "3 of 2" in page
    assert "they go on working, but no new one can be made" in page


def test_a_year_of_data_costs_few_queries(acme, jane, django_assert_max_num_queries) -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for _ in range(10):
        key = ApiKeyFactory(organization=acme)
        UsageHour.objects.bulk_create(
            UsageHour(key=key, hour=now - timedelta(hours=number), endpoint="picks", counted=5)
            for number in range(0, 365 * 24, 24)
        )
    for number in range(30):
        TierRequest.objects.create(
            organization=acme, tier="enterprise", status="declined", asked_at=now - timedelta(days=number),
            decided_at=now, answer="No.",
        )  # fmt: skip
    jane.get(address(acme, "plan"))
    with django_assert_max_num_queries(9):
        jane.get(address(acme, "plan"))
    with django_assert_max_num_queries(12):
        page = jane.get(address(acme, "plan/starter"))
    assert len(page.content) < 60_000


def test_the_command_that_makes_keys_logs_a_change_of_tier(acme, capsys) -> None:
    call_command("create_key", org="Acme", tier="enterprise")
    entry = acme.audit_entries.get(action="organization.tier_changed")
    assert (entry.actor_kind, entry.subject, entry.details) == ("system", "enterprise", {"before": "growth"})
