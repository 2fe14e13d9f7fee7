"""When the month's cap runs out at the pace so far."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.access.pace import month_of, reaches_cap_at

TENTH = datetime(2026, 5, 11, tzinfo=UTC)  # ten whole days have passed


def test_the_pace_so_far_is_the_pace_to_come() -> None:
    assert reaches_cap_at(5_000, 10_000, TENTH) == datetime(2026, 5, 21, tzinfo=UTC)
    assert reaches_cap_at(9_999, 10_000, TENTH) > TENTH


@pytest.mark.parametrize("used", [0, 3_225, 10_000, 10_500])
def test_nothing_is_told_of_a_cap_that_holds_or_is_used_up_already(used) -> None:
    assert reaches_cap_at(used, 10_000, TENTH) is None


def test_the_first_day_of_a_month_tells_nothing() -> None:
    first = datetime(2026, 5, 1, tzinfo=UTC)
    assert reaches_cap_at(5_000, 10_000, first + timedelta(hours=23, minutes=59)) is None
    assert reaches_cap_at(5_000, 10_000, first + timedelta(hours=24)) == first + timedelta(hours=48)


def test_months_begin_in_utc() -> None:
    elsewhere = datetime.fromisoformat("2027-01-01T01:00:00+02:00")
    assert month_of(elsewhere) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
