"""The columns of the list of picks: what a reviewer weighs, in the words of a reviewer."""

from datetime import datetime
from decimal import Decimal

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil

from apps.feed.admin import data_label
from apps.picks.admin.deeds import SettleForm
from apps.picks.models import Pick, Status
from apps.picks.standing import standing_edge
from apps.picks.wording import short_odds


def signed_pct(value: Decimal) -> str:
    """`+3.40 %`, with a true minus sign."""
    return f"{value:+.2f} %".replace("-", "−")


def how_old(seconds: int | None) -> str:
    """`34 s`, `5 min`; empty where nobody knows."""
    if seconds is None:
        return ""
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def in_words(at: datetime, now: datetime) -> str:
    """`in 2 hours`, `40 s ago`."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < 60:
        return f"in {seconds:.0f} s" if seconds > 0 else f"{-seconds:.0f} s ago"
    return f"in {timeuntil(at, now, depth=1)}" if at > now else f"{timesince(at, now, depth=1)} ago"


def _two_lines(first: str, second: str) -> SafeString:
    return format_html('{}<span class="second">{}</span>', first, second)


class SettleHereForm(SettleForm):
    """The fields of one row; the form they belong to stands below the list."""

    def __init__(self, pick: Pick) -> None:
        super().__init__(auto_id=f"{pick.pk}_%s")
        self.fields["reason"].widget = forms.TextInput(attrs={"placeholder": "What shows it", "required": True})
        for name, label in (("result", "Result of"), ("reason", "What shows the result of")):
            self.fields[name].widget.attrs |= {"form": settle_form_id(pick), "aria-label": f"{label} {pick}"}


def settle_form_id(pick: Pick) -> str:
    return f"settle-{pick.pk}"


class PickColumns:
    """The methods that list_display names."""

    @admin.display(description="Pick", ordering="selection")
    def bet(self, pick: Pick) -> SafeString:
        where = " · ".join(filter(None, (pick.fixture.name, pick.league)))
        held = format_html('<span class="second held">Not settled: {}</span>', pick.held) if pick.held else ""
        return format_html("{}{}", _two_lines(pick.selection, where), held)

    @admin.display(description="Kick-off (UTC)", ordering="kickoff_at")
    def kickoff(self, pick: Pick) -> str | SafeString:
        if pick.kickoff_at is None:
            return "unknown – enter it"
        now = timezone.now()
        year = "" if pick.kickoff_at.year == now.year else f" {pick.kickoff_at.year}"
        return _two_lines(f"{pick.kickoff_at:%d %b}{year} {pick.kickoff_at:%H:%M}", in_words(pick.kickoff_at, now))

    @admin.display(description="Odds", ordering="odds")
    def odds_taken(self, pick: Pick) -> str:
        return short_odds(pick.odds)

    @admin.display(description="Fair odds", ordering="fair_odds")
    def fair(self, pick: Pick) -> str:
        return f"{pick.fair_odds:.3f}"

    @admin.display(description="Edge", ordering="edge")
    def edge_shown(self, pick: Pick) -> SafeString:
        return _two_lines(signed_pct(pick.edge_pct), still_stands(pick))

    @admin.display(description="Confidence", ordering="confidence")
    def trust(self, pick: Pick) -> SafeString:
        return _two_lines(f"{pick.confidence} of 5", "suspicious" if pick.suspicious else "")

    @admin.display(description="Anchor", ordering="anchor")
    def anchor_and_age(self, pick: Pick) -> SafeString:
        age = how_old(pick.anchor_age_seconds)
        return _two_lines(pick.anchor, f"{age} old at proposal" if age else "")

    @admin.display(description="Proposed", ordering="proposed_at")
    def proposed(self, pick: Pick) -> str:
        return in_words(pick.proposed_at, timezone.now())

    @admin.display(description="State", ordering="status")
    def state(self, pick: Pick) -> SafeString:
        return _two_lines(Status(pick.status).label, pick.get_result_display() or "")

    @admin.display(description="Data")
    def data(self, pick: Pick) -> str:
        return data_label(pick.fixture)

    @admin.display(description="What the feed said of the end")
    def said(self, pick: Pick) -> SafeString | str:
        results = [
            *pick.fixture.results.all(),
            *(pick.fixture.merged_into.results.all() if pick.fixture.merged_into else []),
        ]
        if not results:
            return "nothing yet"
        last = max(results, key=lambda result: (result.observed_at, result.pk))
        sure = "guessed upstream" if last.tagged else "" if last.side else "names neither side nor the draw"
        return _two_lines(
            str(last), " · ".join(filter(None, (last.status, sure, f"seen {last.observed_at:%d %b %H:%M} UTC")))
        )

    @admin.display(description="Settle")
    def settle_here(self, pick: Pick) -> SafeString:
        form = SettleHereForm(pick)
        button = '<button class="button" form="{}" aria-label="Settle {}">Settle <kbd>s</kbd></button>'
        settle = format_html(button, settle_form_id(pick), pick)
        return format_html('<span class="settle">{} {} {}</span>', form["result"], form["reason"], settle)


def still_stands(pick: Pick) -> str:
    """Whether the edge of a pick in review stands at the latest quotes, in two or three words."""
    if pick.status != Status.REVIEW:
        return ""
    if getattr(pick, "quotes_unmoved", False):  # PickList has asked for the whole page at once
        return "stands"
    standing = standing_edge(pick, timezone.now())
    if standing.stands:
        return "stands"
    return f"now {signed_pct(standing.edge_pct)}" if standing.edge_pct is not None else "no longer stands"
