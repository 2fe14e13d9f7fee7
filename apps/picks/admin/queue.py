"""The list of picks: the review queue, the settlement queue, and what can be done to many at once."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.feed.models import Origin
from apps.picks.admin import editing
from apps.picks.admin.columns import PickColumns, settle_form_id
from apps.picks.admin.deeds import DEEDS, Deed, Tried, perform_all
from apps.picks.admin.detail import PickPage, focus
from apps.picks.admin.filters import CUTS, REVIEW, SETTLEMENT, AnchorFilter, QueueFilter, SportFilter
from apps.picks.admin.walking import CHANGE
from apps.picks.models import Pick, Status
from apps.picks.standing import unmoved

AT_ONCE = 500
EMPTY = {
    REVIEW: "Nothing waits here: every pick is decided, or none fits these filters. "
    "Candidates come in by themselves, as soon as an offer beats the anchor's fair price by enough.",
    SETTLEMENT: "Nothing waits here. Published picks come in when the rules cannot tell the result from the feed.",
}
NAMED_OPENLY = 10  # a longer list of failures is folded
NAMED = 50  # of what went well; a message of hundreds would be heavier than the list itself


class PickList(ChangeList):
    """A page of picks that knows which of them still have the latest quotes: one statement, not one a row."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        quiet = unmoved(pick for pick in self.result_list if pick.status == Status.REVIEW)
        for pick in self.result_list:
            pick.quotes_unmoved = pick.pk in quiet


@admin.register(Pick)
class PickAdmin(PickColumns, PickPage):
    list_display = [
        "bet", "sport", "kickoff", "odds_taken", "fair", "edge_shown", "trust", "anchor_and_age", "proposed", "state",
        "data",
    ]  # fmt: skip
    list_filter = [QueueFilter, SportFilter, "suspicious", AnchorFilter]
    list_select_related = ["fixture"]
    list_per_page = 50
    list_max_show_all = AT_ONCE
    show_full_result_count = False
    search_fields = ["fixture__home_team", "fixture__away_team", "fixture__name", "league", "selection"]
    search_help_text = "Search by team, match, league or bet"
    show_facets = admin.ShowFacets.NEVER
    actions = ["approve", "reject", "edit", "settle"]

    def has_change_permission(self, request: HttpRequest, obj: Pick | None = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What waits is read by what begins first; what is over by what was last."""
        if _queue(request) in (REVIEW, SETTLEMENT):
            return [F("kickoff_at").asc(nulls_first=True), "id"]
        return [F("kickoff_at").desc(nulls_last=True), "id"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """In the review queue every state is the same, elsewhere nobody asks how long ago a pick was proposed.

        In the settlement queue what the feed said of the end stands beside the pick, and what settles it.
        """
        if _queue(request) == SETTLEMENT:
            settles = ["settle_here"] if self.has_change_permission(request) else []
            return ["bet", "kickoff", "odds_taken", "said", *settles, "data"]
        idle = "state" if _queue(request) == REVIEW else "proposed"
        return [column for column in self.list_display if column != idle]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Pick]":
        picks = super().get_queryset(request)
        ended = ("fixture__results", "fixture__merged_into__results")
        return picks.prefetch_related(*ended) if _queue(request) == SETTLEMENT else picks

    def is_sandbox(self, row: Pick) -> bool:
        return row.fixture.origin == Origin.SANDBOX

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        queues = [
            {"name": name, "label": CUTS[name][0], "count": CUTS[name][1](Pick.objects.all()).count()}
            for name in (REVIEW, SETTLEMENT)
        ]
        shown = {"queues": queues, "empty_state": EMPTY.get(_queue(request), "")}
        response = super().changelist_view(request, shown | (extra_context or {}))
        context = getattr(response, "context_data", None) or {}
        if "cl" in context and "settle_here" in context["cl"].list_display:
            context["settling"] = _settle_forms(context["cl"])
        return response

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PickList

    # --- Many at once ---

    @admin.action(description="Approve and publish", permissions=["change"])
    def approve(self, request: HttpRequest, picks: "QuerySet[Pick]") -> None:
        self._do_to_all(request, DEEDS["approve"], self._chosen(request, picks), answers={"reason": ""})

    @admin.action(description="Reject, with a reason …", permissions=["change"])
    def reject(self, request: HttpRequest, picks: "QuerySet[Pick]") -> HttpResponse | None:
        return self._ask_then_do(request, DEEDS["reject"], picks)

    @admin.action(description="Edit analysis …", permissions=["change"])
    def edit(self, request: HttpRequest, picks: "QuerySet[Pick]") -> HttpResponse | None:
        """A page with the text of each pick; its form comes back here, and again with what could not be saved."""
        chosen = self._chosen(request, picks)
        if len(chosen) > editing.AT_ONCE:
            told = f"Choose at most {editing.AT_ONCE} picks to edit at once; there were {len(chosen)}."
            self.message_user(request, told, messages.ERROR)
            return None
        if "deed" not in request.POST:
            edits = editing.edits_of(chosen)
        else:
            saved, edits = editing.save_edits(chosen, request.POST, by=request.user)
            editing.tell(request, saved, edits)
            if not edits:
                return None
        # The page that comes back holds what failed alone; the others need no mention there.
        closed = [] if "deed" in request.POST else [pick for pick in chosen if not editing.EDIT.offered(pick)]
        return self._page(request, "edit.html", "Edit analyses", chosen, {"edits": edits, "closed": closed})

    @admin.action(description="Settle as …", permissions=["change"])
    def settle(self, request: HttpRequest, picks: "QuerySet[Pick]") -> HttpResponse | None:
        return self._ask_then_do(request, DEEDS["settle"], picks)

    def _chosen(self, request: HttpRequest, listed: "QuerySet[Pick]") -> list[Pick]:
        """The picks that were ticked, also those that have left the list since: they must be named, not dropped."""
        if request.POST.get("select_across") == "1":
            return list(listed.select_related("fixture")[: AT_ONCE + 1])
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        return list(Pick.objects.filter(pk__in=ticked).select_related("fixture").order_by("kickoff_at", "id"))

    def _ask_then_do(self, request: HttpRequest, deed: Deed, listed: "QuerySet[Pick]") -> HttpResponse | None:
        """First a page that asks what the deed needs to know; its form comes back here."""
        picks = self._chosen(request, listed)
        answered = "deed" in request.POST
        form = deed.form(request.POST if answered else None)
        focus(form)
        if answered and form.is_valid():
            self._do_to_all(request, deed, picks, answers=form.cleaned_data)
            return None
        context = {"deed": deed, "form": form, "picks": picks}
        return self._page(request, "ask.html", f"{deed.label}: {len(picks)} picks", picks, context)

    def _page(
        self, request: HttpRequest, template: str, title: str, picks: list[Pick], context: dict[str, Any]
    ) -> HttpResponse:
        """A page between the list and what is done: it carries the chosen action along."""
        shared = {
            **self.admin_site.each_context(request),
            "title": title,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
            "opts": self.opts,
            "media": self.media,
            "sandbox": any(map(self.is_sandbox, picks)),
        }
        return TemplateResponse(request, f"admin/picks/pick/{template}", shared | context)

    def _do_to_all(self, request: HttpRequest, deed: Deed, picks: list[Pick], *, answers: dict[str, Any]) -> None:
        if len(picks) > AT_ONCE:
            self.message_user(request, f"Choose at most {AT_ONCE} picks at once; nothing was done.", messages.ERROR)
            return
        tried = perform_all(deed, picks, by=request.user, answers=answers)
        if tried.done:
            self.message_user(request, _successes(deed, tried), messages.SUCCESS)
        if tried.failed:
            self.message_user(request, _failures(deed, tried), messages.ERROR)


def _settle_forms(listed: ChangeList) -> list[dict[str, str]]:
    """The forms that the fields of the column `settle_here` belong to, by their ids: none may stand in the list's."""
    kept = f"?{listed.preserved_filters}" if listed.preserved_filters else ""
    return [
        {"id": settle_form_id(pick), "address": reverse(CHANGE, args=[pick.pk]) + kept} for pick in listed.result_list
    ]


def _queue(request: HttpRequest) -> str:
    return request.GET.get(QueueFilter.parameter_name, REVIEW)


def _successes(deed: Deed, tried: Tried) -> SafeString:
    """How many it was done to, and, folded, the first of them by name."""
    named = ((reverse(CHANGE, args=[pick.pk]), pick, pick.fixture) for pick in tried.done[:NAMED])
    items = format_html_join("", '<p><a href="{}">{}, {}</a></p>', named)
    more = f"and {len(tried.done) - NAMED} more" if len(tried.done) > NAMED else ""
    return format_html("<details><summary>{} {}.</summary>{}{}</details>", len(tried.done), deed.done, items, more)


def _failures(deed: Deed, tried: Tried) -> SafeString:
    """Every pick that it was not done to, by name and reason; a long list is folded under its count."""
    items = format_html_join(
        "",
        '<p><a href="{}">{}, {}</a>: {}</p>',
        ((reverse(CHANGE, args=[pick.pk]), pick, pick.fixture, reason) for pick, reason in tried.failed),
    )
    return format_html(
        "<details{}><summary>{} not {}, each for the reason beside it</summary>{}</details>",
        " open" if len(tried.failed) <= NAMED_OPENLY else "",
        len(tried.failed),
        deed.done,
        items,
    )
