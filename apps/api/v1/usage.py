"""GET /usage: how much of the hour and the month is left. It is not counted, and answered when nothing is."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts.tiers import GROWTH, TIERS
from apps.api.answers import json_answer
from apps.api.auth import admission_of, key_of
from apps.api.v1.base import ApiView
from apps.core.times import rfc3339


class KeyShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField(help_text="As its owner called it.")
    prefix = serializers.CharField(help_text="The first 8 of its 64 hex digits.")


class HourShape(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1)
    remaining = serializers.IntegerField(min_value=0)
    reset = serializers.IntegerField(help_text="When capacity next returns: Unix seconds, rounded up.")


class MonthShape(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1)
    used = serializers.IntegerField(min_value=0)
    remaining = serializers.IntegerField(min_value=0)
    resets_at = serializers.DateTimeField()


class UsageShape(serializers.Serializer[Any]):
    key = KeyShape()
    tier = serializers.ChoiceField(choices=list(TIERS))
    hour = HourShape(help_text="The key's, in any 3,600 seconds.")
    month = MonthShape(help_text="The organisation's, over all its keys, in the UTC calendar month.")


USAGE = {
    "key": {"id": "8f14e45f-ceea-467f-a0e6-3d2b1c9f7a10", "name": "Nightly import", "prefix": "1a2b3c4d"},
    "tier": GROWTH.slug,
    "hour": {"limit": GROWTH.hourly, "remaining": 958, "reset": 1779720000},
    "month": {"limit": GROWTH.monthly, "used": 12_689, "remaining": 87_311, "resets_at": "2026-06-01T00:00:00Z"},
}


class Usage(ApiView):
    @extend_schema(
        operation_id="get_usage",
        summary="What is left of the hour and the month",
        responses={200: OpenApiResponse(UsageShape, "What is left.", [OpenApiExample("usage", USAGE)])},
    )
    def get(self, request: Request) -> HttpResponse:
        """Not counted, and answered when nothing is left."""
        key, found = key_of(request._request), admission_of(request._request)
        return json_answer(
            {
                "key": {"id": str(key.pk), "name": key.name, "prefix": key.prefix},
                "tier": found.tier,
                "hour": {"limit": found.limit, "remaining": found.remaining, "reset": found.reset},
                "month": {
                    "limit": found.quota_limit,
                    "used": found.quota_used,
                    "remaining": found.quota_remaining,
                    "resets_at": rfc3339(datetime.fromtimestamp(found.quota_reset, UTC)),
                },
            }
        )
