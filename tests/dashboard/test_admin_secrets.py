"""Nothing secret and no markup of others stands on any page of the admin, whatever is registered there."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.access.models import ApiKey, ApiSecret
from apps.accounts.models import Membership, Organization
from apps.core.sealing import seal
from apps.feed.models import AnchorRow, KickoffChange, Poll, Result, TeamAlias
from apps.picks.models import AutoPublish, DailyRecord, Decision, Settlement
from apps.webhooks.admin import OF_ONE
from apps.webhooks.models import State, Subscription
from tests.factories import ApiKeyFactory, FixtureFactory, OrganizationFactory, PickFactory
from tests.webhooks.rows import delivery_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]
EVIL = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
WEBHOOK_SECRETS = ["5ec4e7" * 10, "01d5ec" * 10]
TOTP = "JBSWY3DPEHPK3PXP"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def everything() -> list[str]:
    """Rows of everything that the admin shows, each text of them hostile; the secrets among them are given back."""
    now = timezone.now()
    user = User.objects.create_superuser("ann", password=PASSWORD)
    organization: Organization = OrganizationFactory(name=EVIL)
    Membership.objects.create(organization=organization, user=user, role="owner")
    EmailAddress.objects.create(user=user, email="ann@example.com", verified=True, primary=True)
    authenticator = Authenticator.objects.create(user=user, type="totp", data={"secret": TOTP})
    key: Any = ApiKeyFactory(organization=organization, name=EVIL)
    webhook = subscription_of(key)
    delivery_of(webhook, at=now, status=State.FAILED, attempts=2)
    everything_about_picks(user)
    Group.objects.create(name=EVIL)
    hashes = ApiSecret.objects.values_list("secret_hash", flat=True)
    sealed = [webhook.sealed_secret, webhook.sealed_previous]
    assert authenticator.data["secret"] == TOTP
    return [key.secret, *hashes, *WEBHOOK_SECRETS, *sealed, TOTP, PASSWORD, user.password]


def subscription_of(key: ApiKey) -> Subscription:
    now = timezone.now()
    made: Subscription = Subscription.objects.create(
        key=key,
        url="https://example.com/<script>alert(2)</script>",
        compared_url="https://example.com/",
        events=["pick.published"],
        created_at=now,
        begins_after=0,
        sealed_secret=seal(WEBHOOK_SECRETS[0]),
        sealed_previous=seal(WEBHOOK_SECRETS[1]),
        previous_until=now + timedelta(hours=1),
        last_failed_at=now,
        last_failed_error=EVIL,
    )
    return made


def everything_about_picks(user: User) -> None:
    now = timezone.now()
    hostile = {
        "selection": EVIL,
        "analysis": EVIL,
        "evidence": {EVIL: EVIL, "rows": [{EVIL: EVIL}]},
        "book": "<i>x</i>",
    }
    names = {"home_team": EVIL, "away_team": EVIL, "name": EVIL}
    for fields in ({}, {"published": True, "held": EVIL}, {"settled": True}):
        kickoff = now + timedelta(hours=3) if not fields else now - timedelta(hours=3)
        fixture = FixtureFactory(kickoff_at=kickoff, league=EVIL, **names)
        pick = PickFactory(fixture=fixture, kickoff_at=kickoff, league=EVIL, **hostile, **fields)
        Decision.objects.create(pick=pick, action="edited", by=user, at=now, reason=EVIL)
    Settlement.objects.create(
        pick=pick, number=1, result="win", profit=1, rule="by_hand", reason=EVIL, at=now, evidence={EVIL: EVIL}
    )
    Result.objects.create(fixture=fixture, winner=EVIL, status="completed", observed_at=now, evidence={EVIL: EVIL})
    KickoffChange.objects.create(fixture=fixture, new=now, source="feed", observed_at=now)
    AnchorRow.objects.create(
        external_id="1",
        sport="soccer",
        home_team=EVIL,
        away_team=EVIL,
        feed="epl",
        first_seen_at=now,
        last_seen_at=now,
    )
    TeamAlias.objects.create(sport="soccer", name=EVIL, same_as=EVIL)
    Poll.objects.create(name="live", due_at=now, failures=1, last_error=EVIL, last_error_at=now)
    AutoPublish.objects.create(sport="soccer")
    DailyRecord.objects.create(day=now.date(), sport="soccer")


def signed_in() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="ann"))
    return client


def addresses() -> Iterator[str]:
    """Every page of every registered model, of each of its rows."""
    yield from (reverse("admin:index"), reverse("admin_health"))
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from (reverse(f"{name}_changelist"), f"{reverse(f'{name}_changelist')}?q=e", reverse(f"{name}_add"))
        yield reverse("admin:app_list", args=[model._meta.app_label])
        for pk in model_admin.model._default_manager.values_list("pk", flat=True):
            yield from (reverse(f"{name}_{page}", args=[pk]) for page in ("change", "history", "delete"))
    yield from (f"/admin/picks/pick/?queue={queue}" for queue in ("settlement", "published", "settled", "all"))
    yield f"/admin/webhooks/delivery/?{OF_ONE}={Subscription.objects.get().pk}"


def pages(client: Client) -> dict[str, str]:
    """What each page that opens says, by its address."""
    answers = {address: client.get(address) for address in dict.fromkeys(addresses())}
    assert {answer.status_code for answer in answers.values()} <= {200, 302, 403}
    return {address: answer.content.decode() for address, answer in answers.items() if answer.status_code == 200}


def test_no_page_of_the_admin_holds_a_secret(everything: list[str]) -> None:
    client = signed_in()
    shown = pages(client)
    assert len(shown) > 40
    sessions = [*Session.objects.values_list("session_key", flat=True), client.cookies["sessionid"].value]
    secrets = [*everything, *sessions, *UserSession.objects.values_list("session_key", flat=True)]
    assert all(len(secret) > 15 for secret in secrets)
    assert [(address, secret) for address, html in shown.items() for secret in secrets if secret in html] == []
    assert [address for address, html in shown.items() if "gAAAAA" in html] == []  # how every Fernet token begins


def test_nothing_that_others_wrote_is_markup(everything: list[str]) -> None:
    shown = pages(signed_in())
    assert [address for address, html in shown.items() if "<script>alert" in html or "<img src=x" in html] == []
    assert sum("&lt;script&gt;alert(2)" in html for html in shown.values()) > 10


def test_the_deeds_and_messages_about_hostile_names_are_no_markup(everything: list[str]) -> None:
    client = signed_in()
    answers = [
        client.post("/admin/picks/pick/", {"action": action, "_selected_action": [str(pk) for pk in ids]}, follow=True)
        for action in ("approve", "reject", "edit", "settle")
        for ids in [list(Decision.objects.values_list("pick", flat=True))]
    ]
    for answer in answers:
        html = answer.content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_a_page_that_is_not_there_is_no_failure(everything: list[str]) -> None:
    client = signed_in()
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        assert client.get(reverse(name, args=[uuid.uuid4()])).status_code in (200, 302, 403, 404)
