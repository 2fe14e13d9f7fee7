"""What a reviewer may do to a pick: where each deed is offered, what it asks, and the service that does it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.text import normalize_newlines

from apps.core.errors import AppError
from apps.picks.models import MoveNotAllowed, Outcome, Pick, Settlement, Status
from apps.picks.services import edit_analysis, enter_kickoff_of, publish_pick, reject_pick, settle_pick

log = structlog.get_logger(__name__)
Reviewer = AbstractBaseUser | AnonymousUser  # as request.user is typed; the admin lets nobody in unnamed


def _reason(*, required: bool, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        required=required, max_length=2_000, help_text=help_text, widget=forms.Textarea(attrs={"rows": 2})
    )


class ApproveForm(forms.Form):
    reason = _reason(required=False, help_text="Needed only where the edge no longer stands.")


class RejectForm(forms.Form):
    reason = _reason(required=True)


class SettleForm(forms.Form):
    result = forms.ChoiceField(choices=[("", "Choose a result"), *Outcome.choices])
    reason = _reason(required=True, help_text="What shows this result. It is kept with the settlement.")


class TextField(forms.CharField):
    """Text of several lines. A browser sends its line ends as two characters: kept so, every text seems changed."""

    def to_python(self, value: Any) -> str:
        return normalize_newlines(super().to_python(value) or "")


class AnalysisForm(forms.Form):
    text = TextField(
        label="Analysis",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": "A pick needs an analysis text."},
    )


class KickoffForm(forms.Form):
    kickoff_at = forms.DateTimeField(
        label="Kick-off (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


@transaction.atomic
def settle_first(*, pick_id: UUID, now: datetime, by: User, result: str, reason: str) -> Settlement:
    """Settle a published pick. What another settled meanwhile is corrected only by who has read it: MoveNotAllowed."""
    pick = Pick.objects.select_for_update().get(pk=pick_id)
    last = pick.settlements.select_related("by").last()
    if last is not None and last.result != result:
        told = f"{last.result} by {last.by or 'the system'} at {last.at:%H:%M:%S} UTC"
        raise MoveNotAllowed(f"{pick.selection} is settled already, as {told}; if that is wrong, correct it.")
    return settle_pick(pick_id=pick_id, result=result, now=now, by=by, reason=reason)


@dataclass(frozen=True, slots=True)
class Deed:
    """One button. `do` takes pick_id, now, by and the form's fields, and raises AppError with a sentence.

    key: pressed on the pick's page it does what it can without an answer, else it goes to the first field.
    decides: the pick leaves its queue by it, and the reviewer goes on to the next.
    """

    name: str
    label: str
    key: str
    done: str
    form: type[forms.Form]
    do: Callable[..., object]
    offered: Callable[[Pick], bool]
    initial: Callable[[Pick], dict[str, Any]] = lambda pick: {}
    decides: bool = False

    def perform(self, pick_id: UUID, *, by: Reviewer, answers: dict[str, Any]) -> None:
        """Do it now, in a transaction of its own. AppError says why not, and who was first if somebody was."""
        self.do(pick_id=pick_id, now=timezone.now(), by=by, **answers)


DEEDS = {
    deed.name: deed
    for deed in (
        Deed(
            name="kickoff",
            label="Enter the kick-off",
            key="t",
            done="now has a kick-off",
            form=KickoffForm,
            do=enter_kickoff_of,
            offered=lambda pick: pick.status == Status.REVIEW and pick.kickoff_at is None,
        ),
        Deed(
            name="approve",
            label="Approve and publish",
            key="a",
            done="published",
            form=ApproveForm,
            do=publish_pick,
            offered=lambda pick: pick.status == Status.REVIEW,
            decides=True,
        ),
        Deed(
            name="reject",
            label="Reject",
            key="r",
            done="rejected",
            form=RejectForm,
            do=reject_pick,
            offered=lambda pick: pick.status == Status.REVIEW,
            decides=True,
        ),
        Deed(
            name="settle",
            label="Settle",
            key="s",
            done="settled",
            form=SettleForm,
            do=settle_first,
            offered=lambda pick: pick.status == Status.PUBLISHED,
            decides=True,
        ),
        Deed(
            name="correct",
            label="Correct the result",
            key="s",
            done="settled as you chose",
            form=SettleForm,
            do=settle_pick,
            offered=lambda pick: pick.status == Status.SETTLED,
        ),
        Deed(
            name="analysis",
            label="Save the analysis",
            key="e",
            done="has a new analysis",
            form=AnalysisForm,
            do=edit_analysis,
            offered=lambda pick: pick.status == Status.REVIEW,
            initial=lambda pick: {"text": pick.analysis},
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a deed done to many picks: those it was done to, and the others with their reasons."""

    done: list[Pick]
    failed: list[tuple[Pick, str]]


def perform_all(deed: Deed, picks: Iterable[Pick], *, by: Reviewer, answers: dict[str, Any]) -> Tried:
    """Do it to each pick in a transaction of its own: one that cannot be done stops no other."""
    tried = Tried([], [])
    for pick in picks:
        reason = why_not(deed, pick, by=by, answers=answers)
        if reason:
            tried.failed.append((pick, reason))
        else:
            tried.done.append(pick)
    return tried


def why_not(deed: Deed, pick: Pick, *, by: Reviewer, answers: dict[str, Any]) -> str:
    """Do it to one of many picks. Empty if it is done, else the sentence that says why it is not."""
    try:
        deed.perform(pick.pk, by=by, answers=answers)
    except AppError as error:
        return str(error)
    except DatabaseError:
        log.exception("deed_failed", deed=deed.name, pick=str(pick.pk))
        return "The database could not write it just now; try it again."
    return ""
