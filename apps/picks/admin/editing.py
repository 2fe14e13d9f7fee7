"""The page that edits the analyses of several picks: a text area for each, saved one by one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import normalize_newlines

from apps.core.errors import AppError
from apps.picks.admin.columns import signed_pct
from apps.picks.admin.deeds import DEEDS, AnalysisForm, Reviewer, why_not
from apps.picks.models import Pick
from apps.picks.services import edit_analysis
from apps.picks.wording import short_odds

AT_ONCE = 50  # more text areas than a person reads on one page


class ChangedSince(AppError):
    code = "analysis_changed_since"


@transaction.atomic
def _edit_unless_changed(*, pick_id: UUID, now: datetime, by: User, text: str, seen: str) -> None:
    pick = Pick.objects.select_for_update().get(pk=pick_id)
    if _digest(pick.analysis) != seen:
        raise ChangedSince("It has been changed since: read what it says now, and save again if yours is to stand.")
    edit_analysis(pick_id=pick_id, now=now, by=by, text=text)


EDIT = replace(DEEDS["analysis"], do=_edit_unless_changed)


class EditForm(AnalysisForm):
    """One text, and which text the reviewer had before them: only what they changed is theirs to save."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)


@dataclass(slots=True)
class Edit:
    """One pick on the page. `reason` says why its text was not saved; empty before saving, and where it was."""

    pick: Pick
    form: EditForm
    reason: str = ""

    @property
    def numbers(self) -> str:
        return f"Odds {short_odds(self.pick.odds)} · edge {signed_pct(self.pick.edge_pct)}"


def edits_of(picks: Iterable[Pick]) -> list[Edit]:
    """The page as it opens: the picks whose text may be edited, each with its text."""
    return [Edit(pick, _form(pick, text=pick.analysis)) for pick in picks if EDIT.offered(pick)]


def save_edits(picks: Iterable[Pick], posted: Mapping[str, str], *, by: Reviewer) -> tuple[list[Pick], list[Edit]]:
    """Save each changed text in a transaction of its own: the picks saved, and what is to be shown again and why.

    A text left as it was shown is not written, even where the engine has written another one since.
    """
    saved, failed = [], []
    for pick in picks:
        form = EditForm(posted, prefix=str(pick.pk))
        typed = posted.get(form.add_prefix("text"))
        if typed is None or _digest(typed) == posted.get(form.add_prefix("seen")):
            continue
        if form.is_valid():
            reason = why_not(EDIT, pick, by=by, answers=form.cleaned_data)
        else:
            reason = " ".join(map(str, form.errors["text"]))
        if reason:
            pick.refresh_from_db(fields=["analysis", "analysis_edited", "status"])
            again = _form(pick, text=typed)
            told_at = f"{again['text'].id_for_label}_error"
            again.fields["text"].widget.attrs |= {"aria-invalid": "true", "aria-describedby": told_at}
            failed.append(Edit(pick, again, reason))
        else:
            saved.append(pick)
    return saved, failed


def tell(request: HttpRequest, saved: list[Pick], failed: list[Edit]) -> None:
    """Say how many texts were saved, and name each that was not, with a link to its text area."""
    if saved:
        messages.success(request, f"{len(saved)} {'analysis' if len(saved) == 1 else 'analyses'} saved.")
    if failed:
        messages.error(request, _not_saved(failed))
    if not saved and not failed:
        messages.info(request, "No text was changed, so nothing was saved.")


def _form(pick: Pick, *, text: str) -> EditForm:
    return EditForm(initial={"text": text, "seen": _digest(pick.analysis)}, prefix=str(pick.pk))


def _digest(text: str) -> str:
    return sha256(normalize_newlines(text).strip().encode()).hexdigest()


def _not_saved(failed: list[Edit]) -> SafeString:
    items = format_html_join(
        "",
        '<p><a href="#{}">{}, {}</a>: {}</p>',
        ((edit.form["text"].id_for_label, edit.pick, edit.pick.fixture, edit.reason) for edit in failed),
    )
    return format_html("<strong>{} not saved, each for the reason beside it.</strong>{}", len(failed), items)
