"""When does a month's cap run out, if all goes on as it did? Knows no framework."""

from datetime import UTC, datetime, timedelta

SOONEST = timedelta(hours=24)  # a day of the month must have passed before it says anything


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """The first instant of the UTC calendar month, and of the next one."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)


def reaches_cap_at(used: int, cap: int, now: datetime) -> datetime | None:
    """When this month's requests reach the cap at their pace since its first day; ahead, and within the month.

    None where they do not, where they have already, and in the month's first 24 hours.
    """
    first, following = month_of(now)
    if now - first < SOONEST or not 0 < used < cap:
        return None
    at = first + (now - first) * (cap / used)
    return at if at < following else None
