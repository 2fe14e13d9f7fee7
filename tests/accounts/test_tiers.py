"""Requests for another tier: asked, withdrawn, answered by staff, in force at once."""

import pytest
from django.core import mail

from apps.accounts.models import Organization, TierRequest
from apps.accounts.tier_requests import TierRequestRefused, decline, grant, request_tier, withdraw_request
from apps.accounts.tiers import OPENS, TIERS, lost_between
from apps.api.v1.urls import urlpatterns
from apps.core.errors import AppError
from apps.docs.facts import ENDPOINTS
from tests.accounts.acting import NOW, STAFF, by, logged
from tests.dashboard.people import person
from tests.factories import ApiKeyFactory, OrganizationFactory

pytestmark = pytest.mark.django_db
ADMIN = "/admin/accounts/tierrequest/"


@pytest.fixture
def acme(db: None) -> Organization:
    return OrganizationFactory(name="Acme", tier="starter")


def asked(organization: Organization, tier: str = "growth", note: str = "For the season.") -> TierRequest:
    jane = person("jane@example.com", organization)
    return request_tier(organization=organization, tier=tier, note=note, by=by(jane), now=NOW)


def test_a_request_waits_and_asking_again_is_the_same_one(acme) -> None:
    assert asked(acme) == asked(acme)
    assert logged(acme) == [("tier.requested", "growth")]
    with pytest.raises(TierRequestRefused, match="withdraw it first"):
        asked(acme, "enterprise")


@pytest.mark.parametrize(
    ("tier", "note"), [("starter", ""), ("gold", ""), ("growth", "x" * 2_001), ("growth", "nul\x00")]
)
def test_what_cannot_be_asked_is_refused(acme, tier, note) -> None:
    with pytest.raises(AppError):
        asked(acme, tier, note)
    assert not TierRequest.objects.exists()


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_who_may_not_ask_is_refused_by_the_service_too(acme, role) -> None:
    me = person("me@example.com", acme, role)
    with pytest.raises(AppError, match="any more"):
        request_tier(organization=acme, tier="growth", note="", by=by(me), now=NOW)


def test_a_withdrawn_request_cannot_be_granted(acme) -> None:
    request, jane = asked(acme), person("jane@example.com", acme)
    withdraw_request(organization=acme, by=by(jane), now=NOW)
    with pytest.raises(TierRequestRefused, match="withdrawn meanwhile"):
        grant(request_id=request.pk, answer="", by=STAFF, now=NOW)
    with pytest.raises(TierRequestRefused, match="No request waits"):
        withdraw_request(organization=acme, by=by(jane), now=NOW)
    assert Organization.objects.get().tier == "starter"


def test_a_granted_request_is_told_to_the_owners_and_logged(acme) -> None:
    request = asked(acme)
    grant(request_id=request.pk, answer="Welcome.\nCall us.", by=STAFF, now=NOW)
    assert Organization.objects.get().tier == "growth"
    assert logged(acme) == [("tier.requested", "growth"), ("tier.granted", "growth")]
    [message] = mail.outbox
    assert message.to == ["jane@example.com"]
    assert message.subject == "Acme: your request was granted"
    assert "Welcome.\nCall us." in message.body
    assert f"/dashboard/{acme.pk}/plan" in message.body


def test_a_declined_request_needs_an_answer_and_changes_no_tier(acme) -> None:
    request = asked(acme)
    with pytest.raises(TierRequestRefused, match="Say why"):
        decline(request_id=request.pk, answer="  ", by=STAFF, now=NOW)
    decline(request_id=request.pk, answer="Not yet.", by=STAFF, now=NOW)
    assert Organization.objects.get().tier == "starter"
    assert logged(acme)[-1] == ("tier.declined", "growth")
    assert "Not yet." in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)  # a change is published when it commits
def test_staff_grant_in_the_admin_and_the_endpoint_opens_at_once(acme, admin_client, client, redis) -> None:
    key, request = ApiKeyFactory(organization=acme), asked(acme)
    headers = {"Authorization": f"Bearer {key.secret}"}
    assert client.get("/api/v1/track-record", headers=headers).status_code == 403
    page = admin_client.get(f"{ADMIN}{request.pk}/change/").text
    assert "For the season." in page
    admin_client.post(f"{ADMIN}{request.pk}/change/", {"answer": "Welcome.", "_grant": "yes"})
    assert client.get("/api/v1/track-record", headers=headers).status_code == 200
    entry = acme.audit_entries.first()
    assert (entry.actor_kind, entry.actor, entry.address) == ("staff", "BetEdge staff", "127.0.0.1")
    assert entry.user_id is not None


def test_the_admin_lists_what_waits_first_and_an_answered_one_is_only_read(acme, admin_client) -> None:
    old = asked(acme)
    decline(request_id=old.pk, answer="No.", by=STAFF, now=NOW)
    OrganizationFactory(name="Zeta")
    waiting = asked(acme)
    listed = admin_client.get(ADMIN).text
    assert listed.index(f"{ADMIN}{waiting.pk}/") < listed.index(f"{ADMIN}{old.pk}/")
    page = admin_client.get(f"{ADMIN}{old.pk}/change/").text
    assert "_grant" not in page
    assert admin_client.post(f"{ADMIN}{old.pk}/change/", {"answer": "Yes.", "_grant": "1"}).status_code == 403


def test_declining_in_the_admin_without_an_answer_keeps_the_page(acme, admin_client) -> None:
    request = asked(acme)
    page = admin_client.post(f"{ADMIN}{request.pk}/change/", {"answer": "", "_decline": "1"}).text
    assert "Say why it is declined" in page
    assert "Choose Grant or Decline" in admin_client.post(f"{ADMIN}{request.pk}/change/", {"answer": ""}).text
    assert TierRequest.objects.get().status == "waiting"


def test_what_each_tier_opens_is_what_the_api_and_the_documentation_say() -> None:
    lowest = {opening.path: slug for slug, openings in OPENS.items() for opening in openings}
    documented = {endpoint.path.partition("/{")[0]: endpoint.tier.slug for endpoint in ENDPOINTS}
    assert lowest == documented
    served = {
        "/" + str(each.pattern).partition("/<")[0].rstrip("/"): each.callback.view_class.minimum_tier.slug
        for each in urlpatterns
        if getattr(getattr(each.callback, "view_class", None), "minimum_tier", None)
    }
    assert lowest == {path: tier for path, tier in served.items() if path in lowest}


def test_what_a_downgrade_closes_is_what_lies_between_the_two() -> None:
    assert [each.path for each in lost_between("enterprise", "growth")] == ["/picks/stream"]
    assert [each.path for each in lost_between("growth", "starter")] == [each.path for each in OPENS["growth"]]
    assert not any(lost_between("starter", tier) for tier in TIERS)
