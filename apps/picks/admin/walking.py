"""Going through a queue pick by pick: which list the reviewer came from, where they are in it, and who is next."""

from copy import copy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.core.admin import NUL
from apps.picks.admin.filters import CUTS, REVIEW, SETTLEMENT, QueueFilter
from apps.picks.models import Pick, Status

CHANGE, LIST = "admin:picks_pick_change", "admin:picks_pick_changelist"
KEPT = "_changelist_filters"  # Django's own name for the list's query string in the addresses of its rows
MOST = 5_000  # picks that are counted through; who has more waiting needs no number beside the pick


class Outline(ChangeList):
    """The filters and the order of a list, without reading its rows."""

    def get_results(self, request: HttpRequest) -> None:
        self.result_list = []


@dataclass(frozen=True, slots=True)
class Walk:
    """A list in its order as it is now. `filters`: its query string; None where nobody came from a list."""

    filters: str | None = None
    ids: list[UUID] = field(default_factory=list)

    @property
    def label(self) -> str:
        name = QueryDict(self.filters or "").get(QueueFilter.parameter_name, REVIEW)
        return CUTS.get(name, CUTS[REVIEW])[0]

    @property
    def list_address(self) -> str:
        return reverse(LIST) + (f"?{self.filters}" if self.filters else "")

    def address(self, pick_id: UUID) -> str:
        """The page of a pick, which leads back to this list, even if the pick has left it meanwhile."""
        kept = "" if self.filters is None else f"?{urlencode({KEPT: self.filters})}"
        return reverse(CHANGE, args=[pick_id]) + kept

    def place(self, pick_id: UUID) -> int | None:
        """1 for the first; None for a pick that is not in the list (any more)."""
        return self.ids.index(pick_id) + 1 if pick_id in self.ids else None

    def before(self, pick_id: UUID) -> UUID | None:
        place = self.place(pick_id)
        return self.ids[place - 2] if place and place > 1 else None

    def after(self, pick_id: UUID, *, announced: str = "") -> UUID | None:
        """Who follows; behind the last one the first again, so that what was passed over comes up once more.

        `announced`: the id that the page named as the next, for a pick that is no longer in the list itself.
        """
        others = [each for each in self.ids if each != pick_id]
        place = self.place(pick_id)
        if place is not None and place <= len(others):
            return others[place - 1]
        named = [each for each in others if str(each) == announced]
        return next(iter(named if place is None and named else others), None)


def walk_of(admin: Any, request: HttpRequest, pick: Pick) -> Walk:
    """The list that the address names, else the queue in which the pick itself waits; two statements at most."""
    filters = request.GET.get(KEPT, _own_queue(pick))
    if filters is None or any(NUL in value for _, values in QueryDict(filters).lists() for value in values):
        return Walk()
    listing = copy(request)
    listing.GET = QueryDict(filters)
    try:
        outline = Outline(
            listing, Pick, ["action_checkbox", *admin.get_list_display(listing)], (), admin.get_list_filter(listing),
            None, admin.get_search_fields(listing), False, 1, 1, (), admin, None, "",
        )  # fmt: skip
    except (IncorrectLookupParameters, SuspiciousOperation):
        return Walk()
    return Walk(filters, list(outline.queryset.values_list("pk", flat=True)[:MOST]))


def _own_queue(pick: Pick) -> str | None:
    if pick.status == Status.REVIEW:
        return ""
    return f"{QueueFilter.parameter_name}={SETTLEMENT}" if pick.status == Status.PUBLISHED and pick.held else None
