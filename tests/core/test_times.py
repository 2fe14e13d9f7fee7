"""Instants as the API writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.core.times import rfc3339


@pytest.mark.parametrize(
    ("microsecond", "text"), [(0, "15:00:00Z"), (999, "15:00:00Z"), (1000, "15:00:00.001Z"), (999_999, "15:00:00.999Z")]
)
def test_times_are_utc_with_milliseconds_only_if_there_are_any(microsecond, text) -> None:
    at = datetime(2026, 5, 25, 17, microsecond=microsecond, tzinfo=timezone(timedelta(hours=2)))
    assert rfc3339(at) == rfc3339(at.astimezone(UTC)) == f"2026-05-25T{text}"
