"""GET /usage: how much of the hour and the month is left. It is not counted, and answered when nothing is."""

from datetime import UTC, datetime

from django.http import HttpResponse
from rest_framework.request import Request

from apps.api.answers import json_answer
from apps.api.auth import admission_of, key_of
from apps.api.v1.base import ApiView
from apps.core.times import rfc3339


class Usage(ApiView):
    def get(self, request: Request) -> HttpResponse:
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
