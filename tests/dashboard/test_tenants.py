"""Every address of the dashboard, read off the URL patterns, tried by people of another tenant: 404 in every role."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from apps.access.models import ApiError, ApiKey
from apps.accounts.models import Invitation, Organization
from apps.accounts.roles import Role
from apps.webhooks.models import Delivery, State, Subscription
from tests.dashboard.people import person, signed_in
from tests.factories import ApiKeyFactory, OrganizationFactory, PickFactory
from tests.webhooks.delivering import subscribed
from tests.webhooks.rows import delivery_of

pytestmark = pytest.mark.django_db

NOT_THERE = (404, 405)  # 405: the address takes no such method, whoever asks and whatever it names
OURS_AND_EVERYBODYS = {"pick"}  # picks belong to no tenant: only the organisation in the address is somebody's


def patterns(of: Any, around: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    """Every named pattern below an organisation, with its name."""
    for each in of:
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, (*around, str(each.pattern)))
        elif any("organization_id" in part for part in (*around, str(each.pattern))):
            yield f"dashboard:{each.name}", each


def every_name() -> list[str]:
    dashboard = next(each for each in get_resolver().url_patterns if getattr(each, "app_name", "") == "dashboard")
    return sorted({name for name, _ in patterns(dashboard.url_patterns)})


def arguments_of(name: str) -> set[str]:
    """The names of what stands in the address."""
    found = get_resolver().namespace_dict["dashboard"][1].reverse_dict.getlist(name.removeprefix("dashboard:"))
    return {argument for possibility in found for _, arguments in possibility[0] for argument in arguments}


class Things:
    """One of everything that an address may name, all of one organisation."""

    def __init__(self) -> None:
        now = timezone.now()
        self.organization: Organization = OrganizationFactory()
        self.key = ApiKeyFactory(organization=self.organization)
        self.owner: User = person(f"owner-{self.organization.pk}@example.com", self.organization)
        self.subscription = subscribed(key=self.key, now=now)
        self.delivery = delivery_of(self.subscription, at=now, status=State.DELIVERED, body="{}")
        self.error = ApiError.objects.create(
            id=uuid4(),
            key=self.key,
            at=now,
            request_id=f"request-{self.organization.pk}",
            status=429,
            code="rate_limit_exceeded",
            endpoint="picks",
            window_limit=100,
            window_count=100,
            window_oldest=now,
            window_newest=now,
        )
        self.invitation = Invitation.objects.create(
            organization=self.organization,
            email=f"new-{self.organization.pk}@example.com",
            role=Role.VIEWER,
            token_hash=uuid4().hex * 2,
            created_at=now,
            expires_at=now + timedelta(days=7),
        )
        self.member: User = person(f"member-{self.organization.pk}@example.com", self.organization, "viewer")

    def named(self) -> dict[str, Any]:
        """What stands in addresses, by the name of the argument; a new one has to be added here."""
        return {
            "organization_id": self.organization.pk,
            "key_id": self.key.pk,
            "subscription_id": self.subscription.pk,
            "delivery_id": self.delivery.pk,
            "request_id": self.error.request_id,
            "invitation_id": self.invitation.pk,
            "user_id": self.member.pk,
            "member_id": self.member.memberships.get().pk,
            "pick_id": PickFactory(published=True).pk,
            "tier": "growth",
        }

    def untouched(self) -> bool:
        """Whether everything is as it was made."""
        key, delivery = ApiKey.objects.get(pk=self.key.pk), Delivery.objects.get(pk=self.delivery.pk)
        subscription = Subscription.objects.get(pk=self.subscription.pk)
        return (
            (key.name, key.revoked_at, key.prefix) == (self.key.name, None, self.key.prefix)
            and (subscription.status, subscription.deleted_at) == ("active", None)
            and delivery.status == State.DELIVERED
            and Invitation.objects.get(pk=self.invitation.pk).withdrawn_at is None
            and self.member.memberships.get(organization=self.organization).role == Role.VIEWER
        )

    def address(self, name: str, **others: Any) -> str:
        named = {**self.named(), **others}
        return reverse(name, kwargs={argument: named[argument] for argument in arguments_of(name)})


def test_there_are_addresses_of_every_area() -> None:
    names = every_name()
    assert {"dashboard:keys", "dashboard:webhooks", "dashboard:picks", "dashboard:team", "dashboard:audit"} <= set(
        names
    )
    assert len(names) > 20


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_an_organisation_that_is_not_ours_is_not_there(role: str) -> None:
    theirs, ours = Things(), OrganizationFactory()
    client = signed_in(person(f"{role}@example.com", ours, role))
    for name in every_name():
        address = theirs.address(name)
        assert client.get(address).status_code in NOT_THERE, name
        assert client.post(address, {"name": "mine", "role": "owner"}).status_code in NOT_THERE, name


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_what_is_another_tenants_is_not_there_below_our_own_organisation_either(role: str) -> None:
    theirs, ours = Things(), OrganizationFactory()
    client = signed_in(person(f"{role}@example.com", ours, role))
    tried = 0
    for name in every_name():
        named = arguments_of(name) - {"organization_id", "tier"}
        if not named or name.removeprefix("dashboard:") in OURS_AND_EVERYBODYS:
            continue
        address = theirs.address(name, organization_id=ours.pk)
        looked = client.get(address)  # what only a form opens leads to a page of ours, whatever it names
        assert looked.status_code in (403, *NOT_THERE) or looked["Location"].startswith(f"/dashboard/{ours.pk}"), name
        assert client.post(address, {"name": "mine", "role": "owner"}).status_code in (403, *NOT_THERE), name
        tried += 1
    assert tried > 8
    assert theirs.untouched()


def test_what_lies_below_one_of_our_things_must_belong_to_it() -> None:
    """Somebody in two organisations: the things of the second are not there below the first."""
    first, second = Things(), Things()
    client = signed_in(first.owner)
    person(first.owner.email, second.organization)
    for name in every_name():
        named = arguments_of(name) - {"organization_id", "tier"}
        if not named or name.removeprefix("dashboard:") in OURS_AND_EVERYBODYS:
            continue
        address = second.address(name, organization_id=first.organization.pk)
        looked = client.get(address)
        back = f"/dashboard/{first.organization.pk}"
        assert looked.status_code in NOT_THERE or looked["Location"].startswith(back), name
        assert client.post(address, {"name": "mine", "role": "owner"}).status_code in NOT_THERE, name
    assert second.untouched()


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_learns_nothing(client: Client) -> None:
    there, nowhere = Things(), uuid4()
    for name in every_name():
        for organization in (there.organization.pk, nowhere):
            address = there.address(name, organization_id=organization)
            answer = client.get(address)
            assert answer.status_code in (302, 405), name
            if answer.status_code == 302:
                assert answer["Location"].startswith("/accounts/login/?next=/dashboard/"), name


def test_who_was_signed_out_while_filling_in_a_form_is_told_and_comes_back(client: Client) -> None:
    """By GET, wherever the form was sent to: what only takes forms leads on to a page."""
    things = Things()
    for name in every_name():
        address = things.address(name)
        sent = client.post(address, {"name": "mine"})
        assert sent["Location"] == f"/accounts/login/?next={address}" if sent.status_code == 302 else True, name
        assert "nothing was done" in client.get("/accounts/login/").text if sent.status_code == 302 else True, name
        assert signed_in(things.owner).get(address, follow=True).status_code in (200, 405), name
    assert things.untouched()


def test_no_form_is_taken_without_its_token() -> None:
    ours = Things()
    client = Client(enforce_csrf_checks=True)
    client.force_login(ours.owner)
    taken = [name for name in every_name() if client.post(ours.address(name), {"name": "x"}).status_code != 403]
    assert all(client.post(ours.address(name)).status_code == 405 for name in taken), taken
    assert ours.untouched()
