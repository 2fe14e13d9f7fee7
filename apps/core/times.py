"""Instants in and out: always UTC, always RFC 3339."""

from datetime import UTC, datetime


def rfc3339(at: datetime) -> str:
    """An aware instant as `2026-05-25T15:00:00Z`; with milliseconds, rounded down, when they are not zero."""
    at = at.astimezone(UTC)
    text = at.strftime("%Y-%m-%dT%H:%M:%S")
    milliseconds = at.microsecond // 1000
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"
