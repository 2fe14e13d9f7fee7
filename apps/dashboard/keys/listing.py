"""The list of an organisation's keys."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.access.history import hours_of_keys, hours_up_to
from apps.access.pace import month_of, reaches_cap_at
from apps.access.queries import ended, month_used, with_uses, working
from apps.accounts.models import Organization
from apps.accounts.tiers import TIERS
from apps.dashboard.doors import Visit, door
from apps.dashboard.keys.forms import NewKey
from apps.dashboard.keys.sparks import HOURS, spark_of
from apps.dashboard.keys.states import Shown
from apps.dashboard.shown import show

ENDED_SHOWN = 10
ENDED_A_PAGE = 50
FIRST_NAME = "My first key"


@dataclass(frozen=True, slots=True)
class Month:
    """What an organisation has used of its monthly cap. full_at: when it is used up at this pace; None: it is not."""

    used: int
    cap: int
    resets_at: datetime
    full_at: datetime | None


def month(organization: Organization, *, now: datetime, used: int | None = None) -> Month:
    """`used` where it is known better than PostgreSQL knows it yet."""
    cap = TIERS[organization.tier].monthly
    counted = month_used(organization.pk, now) if used is None else used
    return Month(counted, cap, month_of(now)[1], reaches_cap_at(counted, cap, now))


@door()
def keys(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Working keys with their last 36 hours, the month they share, and a few that have ended."""
    now = timezone.now()
    mine = working(now=now).filter(organization=visit.organization).order_by("-created_at")  # a sum forgets the order
    works = [Shown.of(key, now=now) for key in with_uses(mine, now=now)]
    over = ended(now=now).filter(organization=visit.organization)
    hours = hours_up_to(now, HOURS)
    counts = hours_of_keys([each.key.pk for each in works], since=hours[0])
    gone = [Shown.of(key, now=now) for key in with_uses(over, now=now)[:ENDED_SHOWN]]
    words = {
        "rows": [(each, spark_of(counts[each.key.pk], hours)) for each in works],
        "most": TIERS[visit.organization.tier].active_keys,
        "month": month(visit.organization, now=now),
        "ended": gone,
        "ended_count": over.count() if len(gone) == ENDED_SHOWN else len(gone),
        "form": NewKey.blank(now=now, name=FIRST_NAME),
    }
    return show(request, visit, "dashboard/keys/list.html", words)


@door()
def ended_keys(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Every key that works no longer, a page at a time."""
    now = timezone.now()
    over = with_uses(ended(now=now).filter(organization=visit.organization), now=now)
    page = Paginator(over, ENDED_A_PAGE).get_page(request.GET.get("page"))
    words = {"page": page, "rows": [Shown.of(key, now=now) for key in page]}
    return show(request, visit, "dashboard/keys/ended.html", words)
