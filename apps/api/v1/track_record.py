"""GET /track-record: how the settled picks of the last days did."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts.tiers import GROWTH
from apps.api.answers import tagged_answer
from apps.api.fields import CappedField, NameField
from apps.api.v1.base import ApiView
from apps.picks.track import track_record


class TrackRecordQuery(serializers.Serializer[Any]):
    sport = NameField()
    days_back = CappedField(default=30, most=365)


class TrackRecord(ApiView):
    minimum_tier = GROWTH

    def get(self, request: Request) -> HttpResponse:
        asked = self.parameters(TrackRecordQuery, request)
        found = track_record(sport=asked.get("sport"), days_back=asked["days_back"], now=timezone.now())
        return tagged_answer(request._request, found)
