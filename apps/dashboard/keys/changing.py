"""What of a key may be changed for good or ill without a new secret: its name and its end."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.access.services import KeyNotWorking, KeyRefused, expire_key, rename_key
from apps.accounts.roles import Deed
from apps.dashboard.doors import Visit, door
from apps.dashboard.keys.forms import Expiry, Rename, ends_spoken, spoken_end
from apps.dashboard.keys.states import key_shown
from apps.dashboard.shown import show


@door(Deed.KEYS)
def rename(request: HttpRequest, visit: Visit, key_id: UUID) -> HttpResponse:
    """Another name; ended keys may have one too."""
    now = timezone.now()
    key = key_shown(visit, key_id, now=now).key
    form = Rename(request.POST or None, initial={"name": key.name, "was": key.name})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        renamed = f"Meanwhile somebody called it “{key.name}”. Send this again to call it “{name}” instead."
        try:
            if name == key.name or not form.overtaken(key.name, renamed):
                rename_key(key_id=key_id, name=name, now=now, by=visit.actor)
                messages.success(request, f"The key is called {name} now.")
                return redirect("dashboard:key", visit.organization.pk, key_id)
        except KeyRefused as error:
            form.add_error("name", str(error))
    return show(request, visit, "dashboard/keys/rename.html", {"form": form, "key": key})


@door(Deed.KEYS)
def expiry(request: HttpRequest, visit: Visit, key_id: UUID) -> HttpResponse:
    """Another end, or none."""
    now = timezone.now()
    shown = key_shown(visit, key_id, now=now)
    key = shown.key
    if shown.state.ended:
        messages.error(request, f"{key.name} has ended already, and cannot be brought back: create a new key.")
        return redirect("dashboard:key", visit.organization.pk, key_id)
    form = Expiry(request.POST, now=now) if request.method == "POST" else Expiry.of(key, now=now)
    if request.method == "POST" and form.is_valid():
        ends = form.cleaned_data["expires_at"]
        changed = f"Meanwhile somebody changed it: it {spoken_end(key.expires_at)}. Send this again to change that."
        if ends == key.expires_at or not form.overtaken(ends_spoken(key.expires_at), changed):
            try:
                expire_key(key_id=key_id, at=ends, now=now, by=visit.actor)
                messages.success(request, f"{key.name} {spoken_end(ends)}.")
            except KeyNotWorking as error:
                messages.error(request, str(error))
            return redirect("dashboard:key", visit.organization.pk, key_id)
    return show(request, visit, "dashboard/keys/expiry.html", {"form": form, "key": key})
