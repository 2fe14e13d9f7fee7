"""Before one is in an organisation: make one, join one that invited, open an invitation's link."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from apps.accounts.invitations import accept_invitation, masked, why_closed
from apps.accounts.models import Invitation, Membership, Organization
from apps.accounts.queries import confirmed_addresses, invitation_of, waiting_for
from apps.accounts.services import MOST_OWNED, create_organization
from apps.core.errors import AppError
from apps.dashboard.doors import membership_user, person
from apps.dashboard.team.deeds import done_by
from apps.dashboard.team.forms import NewOrganizationForm
from apps.dashboard.team.names import suggested_name


@never_cache
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Create an organisation and go on to its first key; above the form, the invitations that wait for this person."""
    user = membership_user(request)
    form = NewOrganizationForm(request.POST or None, initial={"name": suggested_name(user.email), "id": uuid4()})
    made: list[Organization] = []
    if request.method == "POST" and done_by(
        form,
        lambda: made.append(
            create_organization(
                name=form.cleaned_data["name"],
                owner=user,
                by=person(request),
                now=timezone.now(),
                organization_id=form.cleaned_data["id"],
            )
        ),
        field="name",
    ):
        return redirect("dashboard:keys", made[0].pk)
    words = {"form": form, "invitations": list(waiting_for(user, now=timezone.now())), "most": MOST_OWNED}
    return render(request, "dashboard/organization_new.html", words)


@never_cache
@login_required
def join(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Take a place that waits for a confirmed address of this person; another's invitation is 404."""
    if request.method != "POST":
        return redirect("dashboard:new_organization")
    user = membership_user(request)
    invitation = Invitation.objects.filter(pk=invitation_id, email__in=confirmed_addresses(user)).first()
    if invitation is None:
        raise Http404("No invitation of yours has this address.")
    return accepted(request, user, invitation) or redirect("dashboard:new_organization")


@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What an invitation's link opens: who invites to what; for whom it is meant, a button to accept it."""
    found = invitation_of(token)
    if found is None:
        return render(request, "dashboard/invitation.html", {"closed": "This link is not one of ours."}, status=404)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    if request.method == "POST":
        answer = accepted(request, membership_user(request), found)
        if answer is not None:
            return answer
        found.refresh_from_db()
    return show_invitation(request, found)


def show_invitation(request: HttpRequest, found: Invitation) -> HttpResponse:
    mine = Membership.objects.filter(organization=found.organization, user=request.user.pk or 0)
    if found.accepted_at is not None and mine.exists():
        return redirect("dashboard:keys", found.organization_id)
    closed = why_closed(found, now=timezone.now())
    known = request.user.is_authenticated
    words = {
        "invitation": found,
        "closed": closed,
        "masked": masked(found.email),
        "meant": known and found.email in confirmed_addresses(membership_user(request)),
    }
    return render(request, "dashboard/invitation.html", words, status=410 if closed else 200)


def accepted(request: HttpRequest, user: User, invitation: Invitation) -> HttpResponse | None:
    """Into the organisation; None where it is refused, and why is said on the next page."""
    try:
        member = accept_invitation(invitation_id=invitation.pk, user=user, by=person(request), now=timezone.now())
    except AppError as error:
        messages.error(request, str(error))
        return None
    messages.success(request, f"You are in {member.organization.name} now, as {member.role}.")
    return redirect("dashboard:keys", member.organization_id)
