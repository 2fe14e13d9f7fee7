"""Who may change whose membership, and that no organisation ever loses its last owner."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connections

from apps.accounts.members import MemberRefused, change_role, leave, remove_member, transfer_ownership
from apps.accounts.models import Membership, Organization
from apps.accounts.roles import GIVEN, Role
from apps.accounts.services import MOST_OWNED, OrganizationRefused
from apps.core.errors import AppError
from tests.accounts.acting import NOW, STAFF, by, logged
from tests.dashboard.people import person
from tests.factories import OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(db: None) -> Organization:
    return OrganizationFactory(name="Acme")


def member(organization: Organization, user: User) -> int:
    return Membership.objects.get(organization=organization, user=user).pk


def roles(organization: Organization) -> dict[str, str]:
    return dict(organization.memberships.values_list("user__email", "role"))


def test_an_admin_gives_every_role_but_owner(acme) -> None:
    ada, dev = person("ada@example.com", acme, "admin"), person("dev@example.com", acme, "developer")
    for role in ("viewer", "admin", "developer"):
        change_role(organization=acme, member_id=member(acme, dev), role=role, by=by(ada), now=NOW)
        assert roles(acme)["dev@example.com"] == role
    for role in ("owner", "king", ""):
        with pytest.raises(MemberRefused, match="ownership is transferred"):
            change_role(organization=acme, member_id=member(acme, dev), role=role, by=by(ada), now=NOW)
    assert acme.audit_entries.first().details == {"role": "developer", "before": "admin"}


def test_an_admin_touches_no_owner(acme) -> None:
    ada, jane = person("ada@example.com", acme, "admin"), person("jane@example.com", acme)
    person("june@example.com", acme)
    with pytest.raises(MemberRefused, match="only an owner"):
        change_role(organization=acme, member_id=member(acme, jane), role="viewer", by=by(ada), now=NOW)
    with pytest.raises(MemberRefused, match="only an owner"):
        remove_member(organization=acme, member_id=member(acme, jane), by=by(ada), now=NOW)


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_nobody_changes_or_removes_themselves(acme, role) -> None:
    me = person("me@example.com", acme, role)
    person("jane@example.com", acme)
    for given in GIVEN:
        with pytest.raises(MemberRefused, match="somebody else"):
            change_role(organization=acme, member_id=member(acme, me), role=given, by=by(me), now=NOW)
    with pytest.raises(MemberRefused, match="leave"):
        remove_member(organization=acme, member_id=member(acme, me), by=by(me), now=NOW)


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_who_may_not_manage_people_is_refused_by_the_service_too(acme, role) -> None:
    me, dev = person("me@example.com", acme, role), person("dev@example.com", acme, "viewer")
    with pytest.raises(MemberRefused, match="any more"):
        change_role(organization=acme, member_id=member(acme, dev), role="admin", by=by(me), now=NOW)
    with pytest.raises(MemberRefused, match="any more"):
        remove_member(organization=acme, member_id=member(acme, dev), by=by(me), now=NOW)


def test_who_was_removed_a_moment_ago_does_nothing_more(acme) -> None:
    jane, ada = person("jane@example.com", acme), person("ada@example.com", acme, "admin")
    dev = person("dev@example.com", acme, "developer")
    remove_member(organization=acme, member_id=member(acme, ada), by=by(jane), now=NOW)
    with pytest.raises(MemberRefused, match="any more"):
        remove_member(organization=acme, member_id=member(acme, dev), by=by(ada), now=NOW)
    assert set(roles(acme)) == {"jane@example.com", "dev@example.com"}


def test_the_person_of_another_organisation_is_not_there(acme) -> None:
    jane, other = person("jane@example.com", acme), OrganizationFactory()
    stranger = person("stranger@example.com", other, "viewer")
    for deed in (
        lambda: change_role(organization=acme, member_id=member(other, stranger), role="admin", by=by(jane), now=NOW),
        lambda: remove_member(organization=acme, member_id=member(other, stranger), by=by(jane), now=NOW),
        lambda: transfer_ownership(organization=acme, member_id=member(other, stranger), by=by(jane), now=NOW),
    ):
        with pytest.raises(MemberRefused, match="not in Acme"):
            deed()


def test_the_last_owner_neither_leaves_nor_is_removed_by_staff(acme) -> None:
    jane = person("jane@example.com", acme)
    person("ada@example.com", acme, "admin")
    with pytest.raises(MemberRefused, match="last owner"):
        leave(organization=acme, user=jane, by=by(jane), now=NOW)
    with pytest.raises(MemberRefused, match="last owner"):
        remove_member(organization=acme, member_id=member(acme, jane), by=STAFF, now=NOW)
    with pytest.raises(MemberRefused, match="last owner"):
        change_role(organization=acme, member_id=member(acme, jane), role="viewer", by=STAFF, now=NOW)


def test_leaving_is_logged_once_and_again_is_refused(acme) -> None:
    person("jane@example.com", acme)
    dev = person("dev@example.com", acme, "developer")
    leave(organization=acme, user=dev, by=by(dev), now=NOW)
    with pytest.raises(MemberRefused, match="not in Acme"):
        leave(organization=acme, user=dev, by=by(dev), now=NOW)
    assert logged(acme) == [("member.left", "dev@example.com")]


def test_a_transfer_makes_one_owner_and_one_admin(acme) -> None:
    jane, ada = person("jane@example.com", acme), person("ada@example.com", acme, "viewer")
    transfer_ownership(organization=acme, member_id=member(acme, ada), by=by(jane), now=NOW)
    assert roles(acme) == {"jane@example.com": "admin", "ada@example.com": "owner"}
    assert logged(acme) == [("ownership.transferred", "ada@example.com")]
    with pytest.raises(MemberRefused, match="not an owner any more"):
        transfer_ownership(organization=acme, member_id=member(acme, ada), by=by(jane), now=NOW)


@pytest.mark.parametrize("role", ["admin", "developer", "viewer"])
def test_only_owners_transfer(acme, role) -> None:
    person("jane@example.com", acme)
    me = person("me@example.com", acme, role)
    with pytest.raises(MemberRefused, match="not an owner"):
        transfer_ownership(organization=acme, member_id=member(acme, me), by=by(me), now=NOW)


def test_nobody_is_made_the_owner_of_more_than_they_may_own(acme) -> None:
    jane, rich = person("jane@example.com", acme), person("rich@example.com", acme, "admin")
    for _ in range(MOST_OWNED):
        person("rich@example.com", OrganizationFactory())
    with pytest.raises(OrganizationRefused, match="owns 10"):
        transfer_ownership(organization=acme, member_id=member(acme, rich), by=by(jane), now=NOW)


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Do them in a thread each, together; why each was refused, empty where it was not."""
    together, said = threading.Barrier(len(deeds)), [""] * len(deeds)

    def run(place: int) -> None:
        together.wait()
        try:
            deeds[place]()
        except AppError as error:
            said[place] = str(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays(acme) -> None:
    owners = [person(f"{number}@example.com", acme) for number in range(2)]
    said = at_once(*(lambda user=user: leave(organization=acme, user=user, by=by(user), now=NOW) for user in owners))
    assert sorted(map(bool, said)) == [False, True]
    assert list(roles(acme).values()) == ["owner"]


@pytest.mark.django_db(transaction=True)
def test_of_two_transfers_at_once_one_happens_and_the_owner_is_never_lost(acme) -> None:
    jane = person("jane@example.com", acme)
    heirs = [member(acme, person(f"{number}@example.com", acme, "admin")) for number in range(2)]
    said = at_once(
        *(
            lambda heir=heir: transfer_ownership(organization=acme, member_id=heir, by=by(jane), now=NOW)
            for heir in heirs
        )
    )
    assert sorted(map(bool, said)) == [False, True]
    assert sorted(roles(acme).values()) == [Role.ADMIN, Role.ADMIN, Role.OWNER]


@pytest.mark.django_db(transaction=True)
def test_who_is_removed_while_they_remove_somebody_is_either_first_or_refused(acme) -> None:
    jane, ada = person("jane@example.com", acme), person("ada@example.com", acme, "admin")
    dev = person("dev@example.com", acme, "viewer")
    ids = member(acme, ada), member(acme, dev)
    removed, removing = at_once(
        lambda: remove_member(organization=acme, member_id=ids[0], by=by(jane), now=NOW),
        lambda: remove_member(organization=acme, member_id=ids[1], by=by(ada), now=NOW),
    )
    assert not removed
    assert "ada@example.com" not in roles(acme)
    assert ("dev@example.com" in roles(acme)) == bool(removing)
