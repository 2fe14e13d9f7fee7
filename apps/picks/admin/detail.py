"""The page of one pick: all the evidence to read, and a form for each thing that may be done to it."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import AppError
from apps.feed.admin import SandboxLabelled
from apps.feed.models import Origin
from apps.picks.admin.deeds import DEEDS, AnalysisForm, Deed
from apps.picks.admin.evidence import Table, facts, market_now, quotes, tables
from apps.picks.admin.numbers import strange_numbers
from apps.picks.admin.prices import history_of
from apps.picks.admin.walking import CHANGE, LIST, Walk, walk_of
from apps.picks.models import Pick, Status
from apps.picks.standing import standing_edge

ANALYSIS = DEEDS["analysis"]
TO_THE_LIST = "list"  # the form stood in the list: the answer is the list again


class PickPage(SandboxLabelled, ReadOnlyAdmin):
    """The change page of PickAdmin. Nothing on it is saved by the admin itself: each form calls one service."""

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview_view)
        return [path("<uuid:pick_id>/preview/", preview, name="picks_pick_preview"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        pick = self.get_object(request, unquote(object_id))
        if pick is None:
            messages.warning(request, "There is no pick with that id.")
            return HttpResponseRedirect(reverse(LIST))
        if not self.has_view_or_change_permission(request, pick):
            raise PermissionDenied
        bound = {}
        walk = walk_of(self, request, pick)
        if request.method == "POST":
            if not self.has_change_permission(request, pick):
                raise PermissionDenied
            deed = DEEDS.get(request.POST.get("deed", ""))
            if deed is None:
                return HttpResponseRedirect(request.path)
            form = _form(deed, pick, request)
            if form.is_valid() and self._is_over(request, deed, pick, form):
                return HttpResponseRedirect(_onward(request, deed, pick, walk))
            focus(form)
            bound = {deed.name: form}
            pick.refresh_from_db()
        return TemplateResponse(request, "admin/picks/pick/detail.html", self._context(request, pick, bound, walk))

    def preview_view(self, request: HttpRequest, pick_id: Any) -> HttpResponse:
        """A text as customers would read it, and which of its numbers the pick does not know: part of a page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        pick = self.get_object(request, str(pick_id))
        if not self.has_change_permission(request, pick) or pick is None:
            raise PermissionDenied
        form = AnalysisForm(request.POST)
        text = form.cleaned_data["text"] if form.is_valid() else ""
        shown = {"text": text, "strange": strange_numbers(text, pick), "errors": form.errors.get("text")}
        return render(request, "admin/picks/pick/preview.html", shown)

    def _is_over(self, request: HttpRequest, deed: Deed, pick: Pick, form: Form) -> bool:
        """Do it; whether the page is done with: it was done, or somebody else was first and is named."""
        try:
            deed.perform(pick.pk, by=request.user, answers=form.cleaned_data)
        except AppError as error:
            messages.error(request, str(error))
            pick.refresh_from_db()
            return not deed.offered(pick)
        done = f"{pick}, {pick.fixture}: {deed.done}."
        again = reverse(CHANGE, args=[pick.pk])
        told = format_html('{} <a href="{}">Look at it again</a>', done, again) if deed.decides else done
        messages.success(request, told)
        return True

    def _context(self, request: HttpRequest, pick: Pick, bound: dict[str, Form], walk: Walk) -> dict[str, Any]:
        now = timezone.now()
        may_change = self.has_change_permission(request, pick)
        settlements = list(pick.settlements.select_related("by"))
        offered = {
            deed.name: (deed, bound.get(deed.name) or _form(deed, pick))
            for deed in DEEDS.values()
            if may_change and deed.offered(pick)
        }
        return {
            **self.admin_site.each_context(request),
            "title": f"{pick}",
            "opts": self.opts,
            "media": self.media,
            "pick": pick,
            "sandbox": pick.fixture.origin == Origin.SANDBOX,
            "standing": standing_edge(pick, now) if pick.status == Status.REVIEW else None,
            "facts": facts(pick, now=now),
            "history": history_of(pick, now=now),
            "evidence": [*filter(None, [market_now(pick, now=now)]), *_evidence(pick)],
            "results": pick.fixture.results.all(),
            "decisions": pick.decisions.select_related("by"),
            "settlements": settlements,
            "grounds": [
                table
                for settlement in settlements
                for table in tables(f"Grounds of settlement {settlement.number}", settlement.evidence)
            ],
            "editing": offered.pop(ANALYSIS.name, None),
            "strange": strange_numbers(pick.analysis, pick),
            "deeds": list(offered.values()),
            "walk": _steps(walk, pick),
        }


def _onward(request: HttpRequest, deed: Deed, pick: Pick, walk: Walk) -> str:
    """Where a reviewer goes from here: on to the next of the queue, or, behind its last, to the empty queue."""
    if request.POST.get("then") == TO_THE_LIST:
        return walk.list_address
    if not deed.decides or walk.filters is None:
        return request.get_full_path()
    following = walk.after(pick.pk, announced=request.POST.get("next", ""))
    return walk.list_address if following is None else walk.address(following)


def _steps(walk: Walk, pick: Pick) -> dict[str, Any]:
    """The links to the neighbours and back to the list, with the place of this pick in it."""
    beside = {"previous": walk.before(pick.pk), "next": walk.after(pick.pk)}
    named = Pick.objects.only("selection", "odds").in_bulk([pk for pk in beside.values() if pk is not None])
    return {
        "here": walk.address(pick.pk),
        "label": walk.label,
        "list": walk.list_address,
        "in_list": walk.filters is not None,
        "place": walk.place(pick.pk),
        "of": len(walk.ids),
        **{
            way: {"pick": named[pk], "address": walk.address(pk)}
            for way, pk in beside.items()
            if pk is not None and pk in named
        },
    }


def _evidence(pick: Pick) -> list[Table]:
    priced = quotes(pick.evidence)
    told = set() if priced is None else {"at", "offer", "anchor"}
    rest = {name: part for name, part in pick.evidence.items() if name not in told}
    return [*filter(None, [priced]), *tables("Evidence", rest)]


def _form(deed: Deed, pick: Pick, request: HttpRequest | None = None) -> Form:
    return deed.form(None if request is None else request.POST, initial=deed.initial(pick), auto_id=f"{deed.name}_%s")


def focus(form: Form) -> None:
    """What is to be filled in or mended has the focus when the page opens."""
    name = next(iter(name for name in form.errors if name in form.fields), next(iter(form.fields)))
    form.fields[name].widget.attrs["autofocus"] = True
