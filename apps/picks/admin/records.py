"""The switch for automatic publishing, and the daily sums of the track record."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from apps.core.admin import GuardedAdmin, ReadOnlyAdmin
from apps.picks.models import AutoPublish, DailyRecord

WHAT_IT_DOES = (
    "While this is on, picks of the sport publish themselves to customers without a reviewer, once they have waited "
    "the delay and stand above both floors. Suspicious picks never do. A sport without a row is off, unless a row for "
    "* is on."
)


class AutoPublishForm(forms.ModelForm):
    sport = forms.RegexField(
        r"\A(\*|[a-z0-9]+(-[a-z0-9]+)*)\Z",
        max_length=40,
        help_text="A sport's slug, as in ice-hockey, or * for every sport.",
        error_messages={"invalid": "Enter a slug, as in ice-hockey, or * for every sport."},
    )
    min_edge_pct = forms.DecimalField(label="Least edge, %", min_value=0, max_value=100, decimal_places=2, initial=3)
    min_confidence = forms.IntegerField(label="Least confidence", min_value=1, max_value=5, initial=3)

    class Meta:
        model = AutoPublish
        fields = ["sport", "enabled", "sandbox_only", "min_edge_pct", "min_confidence", "delay_seconds"]


@admin.register(AutoPublish)
class AutoPublishAdmin(GuardedAdmin):
    form = AutoPublishForm
    list_display = ["sport", "state", "sandbox_only", "least_edge", "least_confidence", "delay"]
    empty_state = "No sport has a switch: nothing publishes itself."
    fieldsets = [(None, {"fields": [*AutoPublishForm.Meta.fields], "description": WHAT_IT_DOES})]

    @admin.display(description="Switch", ordering="enabled")
    def state(self, switch: AutoPublish) -> str:
        return "on" if switch.enabled else "off"

    @admin.display(description="Least edge", ordering="min_edge_pct")
    def least_edge(self, switch: AutoPublish) -> str:
        return f"{switch.min_edge_pct} %"

    @admin.display(description="Least confidence", ordering="min_confidence")
    def least_confidence(self, switch: AutoPublish) -> str:
        return f"{switch.min_confidence} of 5"

    @admin.display(description="Delay", ordering="delay_seconds")
    def delay(self, switch: AutoPublish) -> str:
        return f"{switch.delay_seconds} s"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"what_it_does": WHAT_IT_DOES} | (extra_context or {}))


@admin.register(DailyRecord)
class DailyRecordAdmin(ReadOnlyAdmin):
    list_display = ["day", "sport", "settled", "wins", "pushes", "units", "with_clv"]
    list_filter = ["sport"]
    empty_state = "No pick is settled yet, or none of these days and sports."
    ordering = ["-day", "sport"]
    date_hierarchy = "day"

    @admin.display(description="Profit, units", ordering="profit")
    def units(self, record: DailyRecord) -> str:
        return f"{record.profit:+.2f}".replace("-", "−")

    @admin.display(description="With CLV", ordering="clv_count")
    def with_clv(self, record: DailyRecord) -> int:
        return record.clv_count
