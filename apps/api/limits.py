"""The limits in an answer: six headers, and the two 429 bodies that the reference prints in full."""

from datetime import UTC, datetime

from django.http import HttpResponse

from apps.access.decisions import CAPPED, LIMITED, SPENT
from apps.access.limiter import Admission
from apps.api.answers import json_answer
from apps.api.errors import store_away

TOO_MANY_REQUESTS = 429


def limit_headers(admission: Admission) -> list[tuple[str, str]]:
    """What is left of the hour and of the month; times in Unix seconds."""
    return [
        ("X-RateLimit-Limit", str(admission.limit)),
        ("X-RateLimit-Remaining", str(admission.remaining)),
        ("X-RateLimit-Reset", str(admission.reset)),
        ("X-Quota-Limit", str(admission.quota_limit)),
        ("X-Quota-Remaining", str(admission.quota_remaining)),
        ("X-Quota-Reset", str(admission.quota_reset)),
    ]


def refusal(admission: Admission) -> HttpResponse | None:
    """The answer to a request that is over a limit; None for one that is not."""
    if admission.decision == LIMITED:
        return rate_limited(admission.retry_after)
    if admission.decision == CAPPED:
        resets_at = f"{datetime.fromtimestamp(admission.quota_reset, UTC):%Y-%m-%dT%H:%M:%S}.000Z"
        answer = json_answer({"error": "monthly_quota_exceeded", "resets_at": resets_at}, status=TOO_MANY_REQUESTS)
        answer["Retry-After"] = str(admission.retry_after)
        return answer
    if admission.decision == SPENT:
        return store_away()
    return None


def rate_limited(seconds: int) -> HttpResponse:
    """429 with the seconds after which the same request is admitted, twice."""
    answer = json_answer({"error": "rate_limit_exceeded", "retry_after_seconds": seconds}, status=TOO_MANY_REQUESTS)
    answer["Retry-After"] = str(seconds)
    return answer
