"""Every write to who belongs to an organisation and as what. Nothing here leaves one without an owner.

The organisation's row is locked first, and what somebody may do is read behind it: who was removed or demoted a moment
ago does nothing more, and of two owners who leave at once one stays.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from apps.accounts.audit import Actor, Kind, record
from apps.accounts.models import Membership, Organization
from apps.accounts.roles import GIVEN, Deed, Role, may, may_touch
from apps.accounts.services import hold, refuse_owning_more
from apps.core.errors import AppError

MOST_PEOPLE = 100  # in one organisation


class MemberRefused(AppError):
    code = "member_refused"


@transaction.atomic
def change_role(*, organization: Organization, member_id: int, role: str, by: Actor, now: datetime) -> Membership:
    """Give somebody another role than owner. MemberRefused for one's own, for an owner's unless an owner does it and
    another one is left, and for a person who is not there.
    """
    if role not in GIVEN:
        raise MemberRefused(f"A role that one may give is {', '.join(GIVEN)}; ownership is transferred.")
    member = _hold_member(organization, member_id, by=by)
    if member.role != role:
        _keep_an_owner(member)
        before, member.role = member.role, role
        member.save(update_fields=["role"])
        record(organization, "member.role_changed", by=by, now=now, subject=str_of(member), role=role, before=before)
    return member


@transaction.atomic
def remove_member(*, organization: Organization, member_id: int, by: Actor, now: datetime) -> None:
    """End somebody's membership; keys that they made go on. MemberRefused as for `change_role`."""
    member = _hold_member(organization, member_id, by=by)
    _keep_an_owner(member)
    member.delete()
    record(organization, "member.removed", by=by, now=now, subject=str_of(member), role=member.role)


@transaction.atomic
def leave(*, organization: Organization, user: User, by: Actor, now: datetime) -> None:
    """End one's own membership. MemberRefused for the last owner, and for who is no member."""
    hold(organization)
    member = Membership.objects.select_related("user").filter(organization=organization, user=user).first()
    if member is None:
        raise MemberRefused(f"You are not in {organization.name} any more.")
    _keep_an_owner(member)
    member.delete()
    record(organization, "member.left", by=by, now=now, subject=str_of(member), role=member.role)


@transaction.atomic
def transfer_ownership(*, organization: Organization, member_id: int, by: Actor, now: datetime) -> Membership:
    """Make somebody else of the organisation an owner, and the owner who does it an admin.

    MemberRefused where who does it is no owner (any more), or the other is not there, or is an owner.
    OrganizationRefused where the other owns as many organisations as one person may.
    """
    hold(organization)
    owner = _doer(organization, by)
    if owner is None or not may(owner.role, Deed.TRANSFER):
        raise MemberRefused("You are not an owner any more; nothing was changed.")
    heir = _member(organization, member_id)
    if heir.role == Role.OWNER:
        raise MemberRefused(f"{str_of(heir)} is an owner already.")
    refuse_owning_more(heir.user)
    owner.role, heir.role = Role.ADMIN, Role.OWNER
    heir.save(update_fields=["role"])
    owner.save(update_fields=["role"])
    record(organization, "ownership.transferred", by=by, now=now, subject=str_of(heir), before=str_of(owner))
    return heir


def refuse_without(organization: Organization, deed: Deed, *, by: Actor) -> None:
    """MemberRefused for a person who may not do this (any more); staff and the system may do everything."""
    if by.kind == Kind.PERSON:
        doer = _doer(organization, by)
        if doer is None or not may(doer.role, deed):
            raise MemberRefused(f"You may not {deed} in {organization.name} any more; nothing was changed.")


def refuse_more_people(organization: Organization) -> None:
    if Membership.objects.filter(organization=organization).count() >= MOST_PEOPLE:
        raise MemberRefused(f"{organization.name} has {MOST_PEOPLE} people, as many as it may: remove somebody first.")


def str_of(member: Membership) -> str:
    """The person's name in the log and in sentences."""
    return member.user.email or member.user.get_username()


def _hold_member(organization: Organization, member_id: int, *, by: Actor) -> Membership:
    """Somebody whom the doer may change or remove, while the organisation is locked. MemberRefused."""
    hold(organization)
    refuse_without(organization, Deed.TEAM, by=by)
    member = _member(organization, member_id)
    doer = _doer(organization, by)
    if doer is not None and doer.pk == member.pk:
        raise MemberRefused("Your own role is changed by somebody else; to go, leave the organisation.")
    if doer is not None and not may_touch(doer.role, member.role):
        raise MemberRefused(f"{str_of(member)} is an owner: only an owner may change that.")
    return member


def _member(organization: Organization, member_id: int) -> Membership:
    member = Membership.objects.select_related("user").filter(organization=organization, pk=member_id).first()
    if member is None:
        raise MemberRefused(f"This person is not in {organization.name} any more.")
    return member


def _doer(organization: Organization, by: Actor) -> Membership | None:
    """The membership of the person who acts; None for staff, the system, and who is in it no longer."""
    if by.kind != Kind.PERSON:
        return None
    return Membership.objects.select_related("user").filter(organization=organization, user=by.user_id).first()


def _keep_an_owner(leaving: Membership) -> None:
    owners = Membership.objects.filter(organization=leaving.organization_id, role=Role.OWNER)
    if leaving.role == Role.OWNER and not owners.exclude(pk=leaving.pk).exists():
        raise MemberRefused(f"{str_of(leaving)} is the last owner: transfer the ownership first.")
