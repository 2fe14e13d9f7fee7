"""The forms of those who invite: send, send again, withdraw."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.accounts.invitations import invite, withdraw_invitation
from apps.accounts.models import Invitation
from apps.accounts.roles import Deed
from apps.dashboard.doors import Visit, door
from apps.dashboard.team.deeds import done, done_by, sent_to
from apps.dashboard.team.forms import InviteForm
from apps.dashboard.team.people import gone, show_team


@door(Deed.TEAM)
@sent_to("dashboard:team")
def invite_to(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = InviteForm(request.POST)
    if not done_by(
        form,
        lambda: invite(
            organization=visit.organization,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            by=visit.actor,
            now=timezone.now(),
        ),
        field="email",
    ):
        return show_team(request, visit, form)
    messages.success(request, f"An invitation is on its way to {form.cleaned_data['email']}; it holds for seven days.")
    return redirect("dashboard:team", visit.organization.pk)


@door(Deed.TEAM)
@sent_to("dashboard:team")
def withdraw(request: HttpRequest, visit: Visit, invitation_id: UUID) -> HttpResponse:
    invitation = Invitation.objects.filter(organization=visit.organization, pk=invitation_id).first()
    if invitation is None:
        return gone(request, visit)
    done(
        request,
        lambda: withdraw_invitation(
            organization=visit.organization, invitation_id=invitation_id, by=visit.actor, now=timezone.now()
        ),
        f"The invitation of {invitation.email} is withdrawn; its link opens nothing any more.",
    )
    return redirect("dashboard:team", visit.organization.pk)
