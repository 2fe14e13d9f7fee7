"""The team's page: who is in the organisation and as what, and what may be done about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.accounts.members import change_role, leave, remove_member, str_of, transfer_ownership
from apps.accounts.models import Membership
from apps.accounts.queries import open_invitations, people_of
from apps.accounts.roles import MAY, Deed, Role, may_touch
from apps.dashboard.doors import Visit, door
from apps.dashboard.shown import show
from apps.dashboard.team.deeds import done, done_by, sent_to
from apps.dashboard.team.forms import ROLES, InviteForm, RoleForm, TransferForm

MATRIX = [(deed.value, [(role, deed in MAY[role]) for role in Role]) for deed in Deed]


@door()
def team(request: HttpRequest, visit: Visit) -> HttpResponse:
    return show_team(request, visit, InviteForm())


def show_team(request: HttpRequest, visit: Visit, form: InviteForm) -> HttpResponse:
    """The page with the invitation form as it was filled in."""
    words = {
        "people": [described(member, visit) for member in people_of(visit.organization)],
        "invitations": list(open_invitations(visit.organization)) if visit.may(Deed.TEAM) else [],
        "invite": form,
        "roles": ROLES,
        "columns": list(Role),
        "matrix": MATRIX,
    }
    return show(request, visit, "dashboard/team.html", words)


def described(member: Membership, visit: Visit) -> dict[str, Any]:
    mine = member.user_id == visit.user.pk
    return {
        "member": member,
        "name": str_of(member),
        "mine": mine,
        "touchable": not mine and may_touch(visit.role, member.role),
    }


@door(Deed.TEAM)
@sent_to("dashboard:team")
def role(request: HttpRequest, visit: Visit, member_id: int) -> HttpResponse:
    member = member_of(visit, member_id)
    if member is None:
        return gone(request, visit)
    form = RoleForm(request.POST)
    if form.is_valid():
        done(
            request,
            lambda: change_role(
                organization=visit.organization,
                member_id=member_id,
                role=form.cleaned_data["role"],
                by=visit.actor,
                now=timezone.now(),
            ),
            f"{str_of(member)} is {form.cleaned_data['role']} now.",
        )
    else:
        messages.error(request, "Choose one of the roles in the list; ownership is transferred.")
    return redirect("dashboard:team", visit.organization.pk)


@door(Deed.TEAM)
def remove(request: HttpRequest, visit: Visit, member_id: int) -> HttpResponse:
    """Ask first, naming who it is and what happens."""
    member = member_of(visit, member_id)
    if member is None:
        return gone(request, visit)
    if request.method != "POST":
        return show(request, visit, "dashboard/team_remove.html", described(member, visit))
    done(
        request,
        lambda: remove_member(organization=visit.organization, member_id=member_id, by=visit.actor, now=timezone.now()),
        f"{str_of(member)} is not in {visit.organization.name} any more.",
    )
    return redirect("dashboard:team", visit.organization.pk)


@door()
def leaving(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Ask first; the last owner is told to transfer the ownership."""
    if request.method == "POST" and done(
        request,
        lambda: leave(organization=visit.organization, user=visit.user, by=visit.actor, now=timezone.now()),
        f"You have left {visit.organization.name}.",
    ):
        return redirect("dashboard:enter")
    owners = people_of(visit.organization).filter(role=Role.OWNER).exclude(user=visit.user)
    words = {"last_owner": visit.role == Role.OWNER and not owners.exists()}
    return show(request, visit, "dashboard/team_leave.html", words)


@door(Deed.TRANSFER)
def transfer(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Make somebody else the owner, by typing the organisation's name."""
    people = list(people_of(visit.organization).exclude(role=Role.OWNER))
    form = TransferForm(request.POST or None, people=people, expected=visit.organization.name)
    if request.method == "POST" and done_by(
        form,
        lambda: transfer_ownership(
            organization=visit.organization,
            member_id=form.cleaned_data["member"],
            by=visit.actor,
            now=timezone.now(),
        ),
    ):
        messages.success(request, "The ownership is transferred; you are admin now.")
        return redirect("dashboard:team", visit.organization.pk)
    return show(request, visit, "dashboard/team_transfer.html", {"form": form, "people": people})


def member_of(visit: Visit, member_id: int) -> Membership | None:
    return people_of(visit.organization).filter(pk=member_id).first()


def gone(request: HttpRequest, visit: Visit) -> HttpResponse:
    """404 for whoever is not, or not any more, in this organisation: another's people are as unknown as nobody."""
    return show(request, visit, "dashboard/team_gone.html", status=404)
