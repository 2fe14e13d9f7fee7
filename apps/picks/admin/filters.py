"""How the list of picks is cut: two queues that wait for people, everything else by status; by sport and anchor."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.picks.analysis.builtin import ANCHORS
from apps.picks.models import Pick, Status
from apps.picks.queries import sports_out

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


class SportFilter(admin.SimpleListFilter):
    """The sports that customers have picks of, and those that wait: asking every pick for its sport takes 200 ms."""

    title = "sport"
    parameter_name = "sport"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        waiting = Pick.objects.filter(status=Status.REVIEW).order_by().values_list("sport", flat=True).distinct()
        return [(sport, sport) for sport in sorted({*sports_out(), *waiting})]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Pick]") -> "QuerySet[Pick]":
        return queryset.filter(sport=self.value()) if self.value() else queryset


class AnchorFilter(admin.SimpleListFilter):
    """The anchors that there are."""

    title = "anchor"
    parameter_name = "anchor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(ANCHORS.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Pick]") -> "QuerySet[Pick]":
        return queryset.filter(anchor=self.value()) if self.value() else queryset
