"""What may be asked of the lists: the filters of GET /picks and GET /track-record, in their own names."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, cast

from django import forms

from apps.picks.queries import ANNOUNCED, Page, Position, page_of_picks, sports_out

PAGE = 50  # picks, as many as the API gives unasked
LISTED = [*ANNOUNCED, "published_at", "profit"]
WINDOWS = {7: "7 days", 30: "30 days", 90: "90 days", 365: "365 days"}
UNASKED = 30  # days, as the API's


class SportForm(forms.Form):
    """Base: one of the sports that have picks, read once for checking and showing; empty for all."""

    sport = forms.ChoiceField(
        required=False,
        error_messages={"invalid_choice": "There are no picks of this sport: choose one of the list."},
    )

    def __init__(self, asked: Mapping[str, Any]) -> None:
        super().__init__(asked)
        field = cast(forms.ChoiceField, self.fields["sport"])
        field.choices = [("", "All sports"), *((slug, slug.replace("-", " ").capitalize()) for slug in sports_out())]


class PickFilter(SportForm):
    """Which picks, and from which place on. `before` and `behind` are the next page's Position, kept in its link."""

    league = forms.CharField(required=False, max_length=160, label="League, its whole name")
    since = forms.DateField(
        required=False,
        label="Kick-off after 00:00 UTC on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    before = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    behind = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def page(self) -> Page:
        """The page that was asked for; the form must be valid."""
        asked = self.cleaned_data
        since = asked["since"] and datetime.combine(asked["since"], time(), tzinfo=UTC)
        return page_of_picks(
            sport=asked["sport"] or None,
            league=asked["league"] or None,
            since=since,
            after=Position(asked["before"], asked["behind"]) if asked["before"] else None,
            limit=PAGE,
            columns=LISTED,
        )

    def asked(self) -> dict[str, str]:
        """The filters that are set, as the API takes them."""
        return {name: str(self.cleaned_data[name]) for name in ("sport", "league", "since") if self.cleaned_data[name]}


class RecordWindow(SportForm):
    """Which part of the record; without days, the API's own window."""

    days_back = forms.TypedChoiceField(
        coerce=int,
        choices=list(WINDOWS.items()),
        label="Settled in the last",
        error_messages={"invalid_choice": "Choose 7, 30, 90 or 365 days; the API takes any number up to 365."},
    )
