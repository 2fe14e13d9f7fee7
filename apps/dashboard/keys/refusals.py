"""Why was I refused? What the hour's window of a key held when a limit refused a request, by its id."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.access.models import ApiError
from apps.access.pace import month_of
from apps.access.queries import ERRORS_SHOWN, errors_named, refusal
from apps.accounts.models import Organization
from apps.dashboard.doors import Visit, door
from apps.dashboard.keys.charts import minutes
from apps.dashboard.keys.states import key_shown
from apps.dashboard.shown import show

HOUR = timedelta(hours=1)


@door()
def why(request: HttpRequest, visit: Visit, key_id: UUID) -> HttpResponse:
    """`request`: the id as an answer's X-Request-Id named it; of any key of the organisation."""
    shown = key_shown(visit, key_id, now=timezone.now())
    asked = request.GET.get("request", "").strip()[:64]
    words = {"shown": shown, "key": shown.key, "asked": asked, "errors_kept": ERRORS_SHOWN}
    return show(request, visit, "dashboard/keys/why.html", {**words, **answer(visit.organization, asked)})


def answer(organization: Organization, asked: str) -> dict[str, Any]:
    """What is known of a request: what a limit's window held, or only what it was answered; nothing for unknown ids."""
    if not asked.isprintable():
        return {}
    found = refusal(organization, request_id=asked) if asked else None
    if found is None:
        return {"error": errors_named(organization, request_id=asked).first() if asked else None}
    held = [(datetime.fromtimestamp(minute * 60, UTC), count) for minute, count in found.by_minute]
    return {
        "error": found.error,
        "limited": True,
        "held": held,
        "chart": minutes(found.by_minute, until=found.error.at) if held else None,
        "room_at": room_at(found.error),
    }


def room_at(error: ApiError) -> datetime | None:
    """When there would have been room: the oldest request leaves the window, or the next month begins."""
    if error.code == "monthly_quota_exceeded":
        return month_of(error.at)[1]
    return error.window_oldest + HOUR if error.window_oldest else None
