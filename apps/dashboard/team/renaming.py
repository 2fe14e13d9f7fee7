"""The page that calls an organisation something else."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.accounts.roles import Deed
from apps.accounts.services import rename_organization
from apps.dashboard.doors import Visit, door
from apps.dashboard.shown import show
from apps.dashboard.team.deeds import done_by
from apps.dashboard.team.forms import RenameForm


@door(Deed.RENAME)
def rename(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = RenameForm(request.POST or None, initial={"name": visit.organization.name})
    if request.method == "POST" and done_by(
        form,
        lambda: rename_organization(
            organization=visit.organization, name=form.cleaned_data["name"], by=visit.actor, now=timezone.now()
        ),
        field="name",
    ):
        messages.success(request, "The organisation has its new name.")
        return redirect("dashboard:team", visit.organization.pk)
    return show(request, visit, "dashboard/team_rename.html", {"form": form})
