"""How the list of picks is cut: two queues that wait for people, and everything else by status."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.picks.models import Pick, Status

Cut = Callable[["QuerySet[Pick]"], "QuerySet[Pick]"]


def waiting_for_settlement(picks: "QuerySet[Pick]") -> "QuerySet[Pick]":
    """Published picks that the rules could not settle."""
    return picks.filter(status=Status.PUBLISHED).exclude(held="")


REVIEW, SETTLEMENT = "review", "settlement"
CUTS: dict[str, tuple[str, Cut]] = {
    REVIEW: ("Review queue", lambda picks: picks.filter(status=Status.REVIEW)),
    SETTLEMENT: ("Settlement queue", waiting_for_settlement),
    "published": ("Published", lambda picks: picks.filter(status=Status.PUBLISHED)),
    "settled": ("Settled", lambda picks: picks.filter(status=Status.SETTLED)),
    "rejected": ("Rejected", lambda picks: picks.filter(status=Status.REJECTED)),
    "expired": ("Expired", lambda picks: picks.filter(status=Status.EXPIRED)),
    "all": ("All", lambda picks: picks),
}


class QueueFilter(admin.SimpleListFilter):
    """The review queue unless something else is asked for."""

    title = "status"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, label) for name, (label, _) in CUTS.items()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Pick]") -> "QuerySet[Pick]":
        _, cut = CUTS.get(self.value() or REVIEW, CUTS[REVIEW])
        return cut(queryset)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for name, label in self.lookup_choices:
            yield {
                "selected": name == (self.value() or REVIEW),
                "query_string": changelist.get_query_string({self.parameter_name: name}),
                "display": label,
            }
