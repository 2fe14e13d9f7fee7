"""The audit log's page and its export: who changed what, when, and from where."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.audit import Kind
from apps.accounts.models import AuditEntry, Organization
from apps.accounts.queries import Asked, Place, audit_entries, people_of
from apps.accounts.roles import Deed
from apps.core.times import rfc3339
from apps.dashboard.doors import Visit, door
from apps.dashboard.shown import show
from apps.dashboard.team.forms import AuditForm

PAGE = 50
MOST_EXPORTED = 100_000
READ_AT_ONCE = 1_000
HEADS = ["at", "actor", "actor_kind", "action", "subject", "details", "address"]
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with these a cell begins that a spreadsheet would run
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as customers see it: where our own staff sat is not told."""

    at: datetime
    who: str
    kind: str
    action: str
    what: str
    subject: str
    details: dict[str, Any]
    where: str

    @classmethod
    def of(cls, entry: AuditEntry) -> "Line":
        return cls(
            at=entry.at,
            who=entry.actor,
            kind=entry.actor_kind,
            action=entry.action,
            what=entry.get_action_display(),
            subject=entry.subject,
            details=entry.details,
            where=entry.address or "" if entry.actor_kind != Kind.STAFF else "",
        )

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The details in words; ids and what is not set are for the export alone."""
        told = (
            ("was" if name == "before" else name.replace("_", " "), in_words(value))
            for name, value in self.details.items()
        )
        return [(name, words) for name, words in told if words and not ID.fullmatch(words)]


@door(Deed.AUDIT)
def log(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Newest first, 50 a page; `after`: the id of the entry behind which the page begins."""
    form = AuditForm(request.GET)
    found: list[AuditEntry] = []
    if form.is_valid():
        place = place_of(visit.organization, request.GET.get("after", ""))
        found = list(audit_entries(visit.organization, Asked(**form.cleaned_data), after=place)[: PAGE + 1])
    filters = request.GET.copy()
    filters.pop("after", None)
    older = filters.copy()
    if len(found) > PAGE:
        older["after"] = str(found[PAGE - 1].pk)
    words = {
        "form": form,
        "lines": [Line.of(entry) for entry in found[:PAGE]],
        "filtered": any(filters.values()),
        "filters": filters.urlencode(),
        "older": older.urlencode() if "after" in older else "",
        "paged": "after" in request.GET,
        "people": people_of(visit.organization),
        "most": MOST_EXPORTED,
    }
    return show(request, visit, "dashboard/audit.html", words)


@door(Deed.AUDIT)
def export(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """All that fits the filters as CSV, the newest 100,000 at most; filters that cannot be read lead to the page."""
    form = AuditForm(request.GET)
    if not form.is_valid():
        page = reverse("dashboard:audit", args=[visit.organization.pk])
        return redirect(f"{page}?{request.GET.urlencode()}")
    lines = (Line.of(entry) for entry in every(visit.organization, Asked(**form.cleaned_data)))
    answer = StreamingHttpResponse(rows(lines), content_type="text/csv; charset=utf-8")
    name = f"audit-log-{slugify(visit.organization.name)[:60] or 'organisation'}-{timezone.now():%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def in_words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def place_of(organization: Organization, written: str) -> Place | None:
    """Where the page goes on; the beginning where no entry of the organisation has this id."""
    if not (written.isascii() and written.isdigit()):
        return None
    found = AuditEntry.objects.filter(organization=organization, pk=int(written[:20])).values_list("at", "pk").first()
    return Place(*found) if found else None


def every(organization: Organization, asked: Asked) -> Iterator[AuditEntry]:
    """In pages, so that a slow reader holds no cursor open."""
    place = None
    for _ in range(0, MOST_EXPORTED, READ_AT_ONCE):
        page = list(audit_entries(organization, asked, after=place)[:READ_AT_ONCE])
        yield from page
        if len(page) < READ_AT_ONCE:
            return
        place = Place(page[-1].at, page[-1].pk)


class Echo:
    """A file that gives back what is written, for csv.writer."""

    def write(self, text: str) -> str:
        return text


def rows(lines: Iterable[Line]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(HEADS)
    for line in lines:
        details = json.dumps(line.details, ensure_ascii=False) if line.details else ""
        cells = [rfc3339(line.at), line.who, line.kind, line.action, line.subject, details, line.where]
        yield writer.writerow([harmless(cell) for cell in cells])


def harmless(cell: str) -> str:
    """The cell as text for a spreadsheet too, whatever it begins with."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
