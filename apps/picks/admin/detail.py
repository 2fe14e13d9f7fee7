"""The page of one pick: all the evidence to read, and a form for each thing that may be done to it."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import AppError
from apps.feed.admin import SandboxLabelled
from apps.feed.models import Origin
from apps.picks.admin.deeds import DEEDS, Deed
from apps.picks.admin.evidence import Table, facts, quotes, tables
from apps.picks.models import Pick, Status
from apps.picks.standing import standing_edge


class PickPage(SandboxLabelled, ReadOnlyAdmin):
    """The change page of PickAdmin. Nothing on it is saved by the admin itself: each form calls one service."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        pick = self.get_object(request, unquote(object_id))
        if pick is None:
            messages.warning(request, "There is no pick with that id.")
            return HttpResponseRedirect(reverse("admin:picks_pick_changelist"))
        if not self.has_view_or_change_permission(request, pick):
            raise PermissionDenied
        bound = {}
        if request.method == "POST":
            if not self.has_change_permission(request, pick):
                raise PermissionDenied
            deed = DEEDS.get(request.POST.get("deed", ""))
            if deed is None:
                return HttpResponseRedirect(request.path)
            form = _form(deed, pick, request)
            if form.is_valid() and self._done(request, deed, pick, form):
                return HttpResponseRedirect(request.get_full_path())
            bound = {deed.name: form}
            pick.refresh_from_db()
        return TemplateResponse(request, "admin/picks/pick/detail.html", self._context(request, pick, bound))

    def _done(self, request: HttpRequest, deed: Deed, pick: Pick, form: Form) -> bool:
        try:
            deed.perform(pick.pk, by=request.user, answers=form.cleaned_data)
        except AppError as error:
            messages.error(request, str(error))
            return False
        messages.success(request, f"{pick}, {pick.fixture}: {deed.done}.")
        return True

    def _context(self, request: HttpRequest, pick: Pick, bound: dict[str, Form]) -> dict[str, Any]:
        now = timezone.now()
        may_change = self.has_change_permission(request, pick)
        settlements = list(pick.settlements.select_related("by"))
        return {
            **self.admin_site.each_context(request),
            "title": f"{pick}",
            "opts": self.opts,
            "media": self.media,
            "pick": pick,
            "sandbox": pick.fixture.origin == Origin.SANDBOX,
            "standing": standing_edge(pick, now) if pick.status == Status.REVIEW else None,
            "facts": facts(pick, now=now),
            "evidence": _evidence(pick),
            "results": pick.fixture.results.all(),
            "decisions": pick.decisions.select_related("by"),
            "settlements": settlements,
            "grounds": [
                table
                for settlement in settlements
                for table in tables(f"Grounds of settlement {settlement.number}", settlement.evidence)
            ],
            "deeds": [
                (deed, bound.get(deed.name) or _form(deed, pick))
                for deed in DEEDS.values()
                if may_change and deed.offered(pick)
            ],
            "next": self._next_in_review(pick),
        }

    def _next_in_review(self, pick: Pick) -> Pick | None:
        waiting = Pick.objects.filter(status=Status.REVIEW).exclude(pk=pick.pk)
        return waiting.order_by("kickoff_at", "id").first()


def _evidence(pick: Pick) -> list[Table]:
    priced = quotes(pick.evidence)
    told = set() if priced is None else {"at", "offer", "anchor"}
    rest = {name: part for name, part in pick.evidence.items() if name not in told}
    return [*filter(None, [priced]), *tables("Evidence", rest)]


def _form(deed: Deed, pick: Pick, request: HttpRequest | None = None) -> Form:
    return deed.form(None if request is None else request.POST, initial=deed.initial(pick), auto_id=f"{deed.name}_%s")
