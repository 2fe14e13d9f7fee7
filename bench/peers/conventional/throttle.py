"""DRF's own throttle, by API key."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework_api_key.permissions import KeyParser


class KeyThrottle(SimpleRateThrottle):
    """10,000 an hour for each key, like Enterprise; the key's prefix is its name."""

    scope = "key"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"throttle:{(KeyParser().get(request) or '').partition('.')[0]}"
