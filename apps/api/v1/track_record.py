"""GET /track-record: how the settled picks of the last days did."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts.tiers import GROWTH
from apps.api.answers import tagged_answer
from apps.api.fields import CappedField, NameField
from apps.api.v1.base import ApiView
from apps.picks.track import track_record


class TrackRecordQuery(serializers.Serializer[Any]):
    sport = NameField(example="soccer", help_text="A sport's slug, in any case; all sports if not given.")
    days_back = CappedField(default=30, most=365, help_text="How far to look back: so many times 24 hours from now.")


class OverallShape(serializers.Serializer[Any]):
    """Over every settled pick but void ones; means are null where nothing was counted, standard errors below two."""

    roi_pct = serializers.FloatField(allow_null=True, help_text="100 × profit / picks, at one unit each.")
    win_rate = serializers.FloatField(
        allow_null=True, min_value=0, max_value=100, help_text="100 × (wins and half wins) / (picks − pushes)."
    )
    total_settled = serializers.IntegerField(min_value=0)
    clv_avg_pct = serializers.FloatField(allow_null=True, help_text="Mean gain of our odds over the closing line.")
    edge_avg_pct = serializers.FloatField(allow_null=True)
    roi_se_pct = serializers.FloatField(
        allow_null=True,
        min_value=0,
        help_text="Standard error of `roi_pct`: two of them either way hold the true return in about 95 of 100 cases.",
    )
    clv_se_pct = serializers.FloatField(allow_null=True, min_value=0, help_text="Standard error of `clv_avg_pct`.")
    clv_count = serializers.IntegerField(min_value=0, help_text="Picks that have a closing line.")
    beat_close_pct = serializers.FloatField(
        allow_null=True,
        min_value=0,
        max_value=100,
        help_text="100 × picks whose odds were above the closing line / `clv_count`.",
    )


class SportShape(serializers.Serializer[Any]):
    sport = serializers.CharField()
    roi_pct = serializers.FloatField()
    total_settled = serializers.IntegerField(min_value=1)


class DayShape(serializers.Serializer[Any]):
    date = serializers.DateField(help_text="A UTC day on which picks were settled.")
    cumulative_pnl_pct = serializers.FloatField(help_text="Profit up to its end; one unit is 1 % of the bankroll.")


class TrackRecordShape(serializers.Serializer[Any]):
    overall = OverallShape()
    per_sport = SportShape(many=True, help_text="Most settled picks first.")
    series = DayShape(many=True, help_text="Oldest day first.")


RECORD = {
    "overall": {
        "roi_pct": 8.3,
        "win_rate": 54.1,
        "total_settled": 420,
        "clv_avg_pct": 2.1,
        "edge_avg_pct": 3.8,
        "roi_se_pct": 4.87,
        "clv_se_pct": 0.55,
        "clv_count": 396,
        "beat_close_pct": 57.58,
    },
    "per_sport": [{"sport": "soccer", "roi_pct": 9.1, "total_settled": 180}],
    "series": [{"date": "2026-05-01", "cumulative_pnl_pct": 4.2}],
}


class TrackRecord(ApiView):
    minimum_tier = GROWTH

    @extend_schema(
        operation_id="get_track_record",
        summary="How settled picks did",
        parameters=[TrackRecordQuery],
        responses={
            200: OpenApiResponse(TrackRecordShape, "Sums and means.", [OpenApiExample("month", RECORD)]),
            304: None,
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """What was settled at or after now − `days_back` × 24 h. Void picks count nowhere."""
        asked = self.parameters(TrackRecordQuery, request)
        found = track_record(sport=asked.get("sport"), days_back=asked["days_back"], now=timezone.now())
        return tagged_answer(found)
