"""Picks and their record, for everybody in an organisation; what its tier does not open is said in a sentence."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.tiers import GROWTH, reaches
from apps.dashboard.doors import Visit, door
from apps.dashboard.picks.curls import curl
from apps.dashboard.picks.forms import UNASKED, PickFilter, RecordWindow
from apps.dashboard.picks.shown import shown_record
from apps.dashboard.picks.words import anchor_of, book_of, rule_of
from apps.dashboard.shown import show
from apps.picks.queries import published_pick


@require_safe
@door()
def picks(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Newest kick-off first, by the filters of GET /picks."""
    form = PickFilter(request.GET)
    if not form.is_valid():
        return show(request, visit, "dashboard/picks/list.html", {"form": form})
    page, asked = form.page(), form.asked()
    words = {
        "form": form,
        "page": page,
        "asked": asked,
        "later": bool(form.cleaned_data["before"]),
        "curl": curl("/picks", asked),
    }
    return show(request, visit, "dashboard/picks/list.html", words)


@require_safe
@door()
def pick(request: HttpRequest, visit: Visit, pick_id: UUID) -> HttpResponse:
    """One pick with everything that is kept about it. Http404 for one that is not out."""
    found = published_pick(pick_id)
    if found is None:
        raise Http404("There is no published pick with this id.")
    words = {
        "pick": found,
        "anchor": anchor_of(found),
        "book": book_of(found),
        "settlements": [(settlement, rule_of(settlement)) for settlement in found.settlements.all()],
        "reads_analyses": reaches(visit.organization.tier, GROWTH.slug),
        "curl": curl(f"/picks/{found.pk}"),
    }
    return show(request, visit, "dashboard/picks/pick.html", words)


@require_safe
@door()
def record(request: HttpRequest, visit: Visit) -> HttpResponse:
    """How settled picks did, in the numbers of GET /track-record."""
    if not reaches(visit.organization.tier, GROWTH.slug):
        return show(request, visit, "dashboard/picks/no_record.html")
    form = RecordWindow({"days_back": UNASKED, **request.GET.dict()})
    if not form.is_valid():
        return show(request, visit, "dashboard/picks/record.html", {"form": form})
    days_back, sport = form.cleaned_data["days_back"], form.cleaned_data["sport"]
    words = {
        "form": form,
        "record": shown_record(sport=sport or None, days_back=days_back, now=timezone.now()),
        "curl": curl("/track-record", {"days_back": str(days_back), **({"sport": sport} if sport else {})}),
    }
    return show(request, visit, "dashboard/picks/record.html", words)
