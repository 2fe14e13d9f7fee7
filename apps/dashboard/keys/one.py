"""A key's page: how full its hour is, what was asked with it, what went wrong, its secrets, its end."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.access.gauge import gauge_of
from apps.access.history import endpoints_of, hours_of_keys, hours_up_to, receipt_of
from apps.access.models import ApiKey, ApiSecret
from apps.access.queries import errors_of, usage_known_until
from apps.access.sightings import last_uses
from apps.dashboard.doors import Visit, door
from apps.dashboard.keys.charts import rows_of, stacked
from apps.dashboard.keys.listing import month
from apps.dashboard.keys.states import key_shown
from apps.dashboard.shown import show

RANGES = {"24h": ("24 hours", 24), "7d": ("7 days", 7 * 24), "30d": ("30 days", 30 * 24)}
ERRORS_FIRST = 15
SECRETS_SHOWN = 10


@door()
def key_page(request: HttpRequest, visit: Visit, key_id: UUID) -> HttpResponse:
    """`range`: 24h, 7d or 30d of the chart. `errors=all`: as many as are kept."""
    now = timezone.now()
    shown = key_shown(visit, key_id, now=now)
    span = request.GET.get("range", "")
    errors = errors_of(visit.organization, key_id=key_id)
    admission = None if shown.state.ended else gauge_of(shown.key)
    secrets = list(shown.key.secrets.all()[:SECRETS_SHOWN])
    uses = last_uses(shown.key, secrets)
    last_used_at = max([*uses.values(), *filter(None, [shown.last_used_at])], default=None)
    words = {
        "shown": shown,
        "key": shown.key,
        "last_used_at": last_used_at,
        "gauge": admission,
        "resets_at": datetime.fromtimestamp(admission.reset, UTC) if admission else None,
        "month": month(visit.organization, now=now, used=admission.quota_used if admission else None),
        "receipt": receipt_of(shown.key, last_used_at=last_used_at, now=now),
        "errors": errors if request.GET.get("errors") == "all" else errors[:ERRORS_FIRST],
        "errors_kept": len(errors),
        **rotation_of(shown.key, secrets, uses, now=now),
        **asked_with(shown.key, span if span in RANGES else "24h", now=now),
    }
    return show(request, visit, "dashboard/keys/key.html", words)


def asked_with(key: ApiKey, span: str, *, now: datetime) -> dict[str, Any]:
    """The chart of the hours, its table, and the endpoints, over one of RANGES."""
    hours, days = hours_up_to(now, RANGES[span][1]), span == "30d"
    counts = hours_of_keys([key.pk], since=hours[0])[key.pk]
    endpoints = endpoints_of(key.pk, since=hours[0])
    return {
        "span": span,
        "spans": [(slug, words) for slug, (words, _) in RANGES.items()],
        "span_words": RANGES[span][0],
        "chart": stacked(rows_of(counts, hours, by_day=days), by_day=days),
        "table": reversed(rows_of(counts, hours, by_day=span != "24h").items()),
        "by_day": span != "24h",
        "endpoints": endpoints,
        "asked": sum(totals.asked for _, totals in endpoints),
        "known_until": usage_known_until(),
    }


def rotation_of(key: ApiKey, secrets: list[ApiSecret], uses: dict[str, datetime], *, now: datetime) -> dict[str, Any]:
    """The newest secret, the old ones that still work, and whether anybody has used those since it was made."""
    newest, *older = secrets
    alive = [secret for secret in older if secret.works_until and secret.works_until > now]
    old_use = max((uses[secret.secret_hash] for secret in alive if secret.secret_hash in uses), default=None)
    new_use = uses.get(newest.secret_hash)
    return {
        "newest": newest,
        "newest_used_at": new_use,
        "old_secrets": [(secret, uses.get(secret.secret_hash)) for secret in alive],
        "rotated": bool(older),
        "complete": new_use is not None and (old_use is None or old_use <= newest.created_at),
    }
