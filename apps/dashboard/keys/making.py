"""Where a secret is made, shown once, and seen to arrive: new keys and rotations."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.access.models import ApiKey
from apps.access.queries import working
from apps.access.services import DoneAlready, KeyLimitReached, KeyNotWorking, create_key, rotate_key
from apps.access.sightings import first_request, last_uses
from apps.accounts.roles import Deed
from apps.accounts.tiers import TIERS
from apps.core.errors import AppError
from apps.dashboard.doors import Visit, door
from apps.dashboard.keys.forms import NewKey, Rotation
from apps.dashboard.keys.states import key_shown
from apps.dashboard.shown import show

PATIENCE = timedelta(minutes=15)  # for which a page asks by itself whether the first request has come


@door(Deed.KEYS)
def new_key(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The form; and, as the answer to it alone, the new key's secret."""
    now = timezone.now()
    form = NewKey(request.POST, now=now) if request.method == "POST" else NewKey.blank(now=now)
    most = TIERS[visit.organization.tier].active_keys
    full = request.method != "POST" and working(now=now).filter(organization=visit.organization).count() >= most
    if request.method == "POST" and form.is_valid():
        try:
            told = form.cleaned_data
            key, secret = create_key(
                organization=visit.organization,
                name=told["name"],
                expires_at=told["expires_at"],
                key_id=told["id"],
                now=now,
                by=visit.actor,
            )
            return reveal(request, visit, key, secret, now=now)
        except DoneAlready as error:
            return done_already(request, visit, told["id"], error, now=now)
        except KeyLimitReached:
            full = True
        except AppError as error:
            form.add_error("name", str(error))
    return show(request, visit, "dashboard/keys/new.html", {"form": form, "full": full, "most": most})


@door(Deed.KEYS)
def rotate(request: HttpRequest, visit: Visit, key_id: UUID) -> HttpResponse:
    """Who uses the secret that is to be replaced, for how long it goes on working; then the new one."""
    now = timezone.now()
    shown = key_shown(visit, key_id, now=now)
    form = Rotation(request.POST or None, initial={"replacing": shown.key.prefix})
    if shown.state.ended:
        messages.error(request, f"{shown.key.name} works no longer, so there is nothing to rotate: create a new key.")
        return redirect("dashboard:key", visit.organization.pk, key_id)
    if request.method == "POST" and form.is_valid():
        try:
            grace, replacing = form.cleaned_data["grace"], form.cleaned_data["replacing"]
            key, secret = rotate_key(key_id=key_id, grace=grace, replacing=replacing, now=now, by=visit.actor)
            return reveal(request, visit, key, secret, now=now, old_until=now + grace if grace else None, rotated=True)
        except DoneAlready as error:
            return done_already(request, visit, key_id, error, now=now)
        except KeyNotWorking as error:
            messages.error(request, str(error))
            return redirect("dashboard:key", visit.organization.pk, key_id)
    alive = [secret for secret in shown.key.secrets.all() if not secret.works_until or secret.works_until > now]
    uses = last_uses(shown.key, alive)
    words = {"shown": shown, "form": form, "secrets": [(each, uses.get(each.secret_hash)) for each in alive]}
    return show(request, visit, "dashboard/keys/rotate.html", words)


def reveal(
    request: HttpRequest,
    visit: Visit,
    key: ApiKey,
    secret: str,
    *,
    now: datetime,
    rotated: bool = False,
    old_until: datetime | None = None,
) -> HttpResponse:
    """The page that shows a secret, and waits for its first request. It is kept nowhere, in no session and no log."""
    words = {
        "key": key,
        "secret": secret,
        "address": settings.BETEDGE_PUBLIC_URL,
        "begun": int(now.timestamp()),
        "rotated": rotated,
        "old_until": old_until,
    }
    return show(request, visit, "dashboard/keys/reveal.html", words)


def done_already(request: HttpRequest, visit: Visit, key_id: UUID, error: AppError, *, now: datetime) -> HttpResponse:
    """The form arrived before: nothing was made twice, and the secret is not shown twice."""
    shown = key_shown(visit, key_id, now=now)
    words = {"shown": shown, "sentence": str(error), "newest": shown.key.secrets.all()[0]}
    return show(request, visit, "dashboard/keys/done.html", words, status=409)


@door()
def first(request: HttpRequest, visit: Visit, key_id: UUID) -> HttpResponse:
    """Has the newest secret's first request come? To htmx the line alone, and nothing (204) while it has not."""
    now = timezone.now()
    key = key_shown(visit, key_id, now=now).key
    seen = first_request(key)
    begun = now if "again" in request.GET else begun_at(request.GET.get("since", ""), now=now)
    over = now - begun > PATIENCE
    words = {
        "key": key,
        "seen": seen,
        "begun": int(begun.timestamp()),
        "over": over,
        "organization": visit.organization,
    }
    if "HX-Request" not in request.headers:
        return show(request, visit, "dashboard/keys/first.html", words)
    if seen is None and not over and "again" not in request.GET:
        return HttpResponse(status=204)
    return render(request, "dashboard/keys/waiting.html", {**words, "organization": visit.organization})


def begun_at(seconds: str, *, now: datetime) -> datetime:
    """Since when a page waits, in Unix seconds; since now where that cannot be read or lies ahead."""
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 10):
        return now
    return min(datetime.fromtimestamp(int(seconds), UTC), now)
