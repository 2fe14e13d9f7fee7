"""The admin's page of how everything does: checks, polls and queues, each with what to do where it is not well."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from apps.core.health import State, report
from apps.dashboard.admin.queues import queues
from apps.feed.admin import poll_health
from apps.feed.models import Poll
from apps.feed.polls import POLLS

WORDS = {State.OK: "well", State.DEGRADED: "not well", State.DOWN: "down"}
SUMMARY = {
    State.OK: "Everything is well.",
    State.DEGRADED: "Requests are served, but something behind them is not well.",
    State.DOWN: "Requests cannot be served.",
}
# For checks whose own sentence says what is wrong and not yet what to do.
ADVICE = {
    "postgres": "See that PostgreSQL runs and that DATABASE_URL names it. Every process finds it again by itself.",
    "redis": "See that Redis runs and that REDIS_URL names it. Requests are served meanwhile, limits from memory.",
    "migrations": "Run manage.py migrate, then start the processes again.",
    "feed": "Look at the polls below: the last error says which upstream, and how it answered.",
}


@never_cache
def health_page(request: HttpRequest) -> HttpResponse:
    """The page; for htmx, which asks every ten seconds, the part of it that changes."""
    found = report()
    now = timezone.now()
    context = {
        **admin.site.each_context(request),
        "title": "Health",
        "now": now,
        "state": found["status"],
        "summary": SUMMARY[found["status"]],
        "checks": [_check(name, check) for name, check in sorted(found["checks"].items())],
        "polls": [_poll(poll) for poll in Poll.objects.all()],
        "anchored": bool(settings.ODDS_API_KEY),
        "queues": queues(now=now),
    }
    template = "admin/health_now.html" if "HX-Request" in request.headers else "admin/health.html"
    return TemplateResponse(request, template, context)


def _check(name: str, check: dict[str, Any]) -> dict[str, Any]:
    well = check["status"] == State.OK
    advice = "" if well else ADVICE.get(name, "")
    return {"name": name, "state": WORDS[check["status"]], "well": well, "detail": check["detail"], "advice": advice}


def _poll(poll: Poll) -> dict[str, Any]:
    """`due_at`: None for those that are asked when there is something to ask, not at an interval."""
    ill = bool(poll.failures) or poll.last_ok_at is None
    return {
        "poll": poll,
        "health": poll_health(poll),
        "ill": ill,
        "due_at": poll.due_at if poll.name in POLLS else None,
    }
