"""Every error a caller can meet: the base class, and the one table of public codes and statuses."""

from typing import Any

# What the API may answer with `error`; contract.md fixes the names. docs/errors.md explains each one.
PUBLIC_STATUS = {
    "invalid_cursor": 400,
    "invalid_events": 400,
    "invalid_parameter": 400,
    "invalid_request": 400,
    "invalid_url": 400,
    "invalid_api_key": 401,
    "tier_upgrade_required": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "duplicate_url": 409,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "rate_limit_exceeded": 429,
    "monthly_quota_exceeded": 429,
    "stream_limit": 429,
    "subscription_limit": 429,
    "internal_error": 500,
    "service_unavailable": 503,
}


class AppError(Exception):
    """Something a person or program asked for that cannot be done; str() is the sentence to show.

    `code` names the error for programs. Those in PUBLIC_STATUS may leave through the API with `extra` beside them;
    all others are for reviewers and operators.
    """

    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.extra = extra
