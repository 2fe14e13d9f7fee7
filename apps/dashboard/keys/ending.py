"""What ends at once and is not brought back: old secrets, and whole keys."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.access.services import KeyNotWorking, end_old_secrets, revoke_key
from apps.accounts.roles import Deed
from apps.dashboard.doors import Visit, door
from apps.dashboard.keys.forms import Revocation
from apps.dashboard.keys.states import key_shown
from apps.dashboard.shown import show
from apps.webhooks.queries import subscriptions_of


@door(Deed.KEYS)
def end_old(request: HttpRequest, visit: Visit, key_id: UUID) -> HttpResponse:
    """End a rotation's grace before its time. Asked for by GET, after a session has expired, it changes nothing."""
    now = timezone.now()
    shown = key_shown(visit, key_id, now=now)
    if request.method == "POST":
        try:
            ended = end_old_secrets(key_id=shown.key.pk, now=now, by=visit.actor)
            messages.success(
                request,
                "The old secret stopped working just now." if ended else "No old secret was working any more.",
            )
        except KeyNotWorking as error:
            messages.error(request, str(error))
    return redirect("dashboard:key", visit.organization.pk, key_id)


@door(Deed.KEYS)
def revoke(request: HttpRequest, visit: Visit, key_id: UUID) -> HttpResponse:
    """What ends with the key; once its name is typed, it does, and the key's page shows the receipt."""
    now = timezone.now()
    shown = key_shown(visit, key_id, now=now)
    if shown.key.revoked_at is not None:
        messages.error(request, f"{shown.key.name} was revoked before: its receipt is below.")
        return redirect("dashboard:key", visit.organization.pk, key_id)
    form = Revocation(request.POST or None, key=shown.key)
    if request.method == "POST" and form.is_valid():
        revoke_key(key_id=key_id, now=now, by=visit.actor)
        messages.success(request, f"{shown.key.name} is revoked. No request that begins from now on is let in with it.")
        return redirect("dashboard:key", visit.organization.pk, key_id)
    words = {"shown": shown, "form": form, "webhooks": subscriptions_of(shown.key).count()}
    return show(request, visit, "dashboard/keys/revoke.html", words)
