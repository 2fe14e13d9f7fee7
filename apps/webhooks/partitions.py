"""The weeks that deliveries and attempts lie in: made before they are needed, dropped whole when they are past."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection, transaction

TABLES = ("webhooks_delivery", "webhooks_attempt")
KEPT = timedelta(days=30)
AHEAD = 2  # weeks
WEEK = timedelta(days=7)
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('webhooks.weeks', 0))"
# A week is put in place or taken away at once, or on the next turn: nobody waits behind us for a lock we wait for.
PATIENCE = "SET LOCAL lock_timeout = '2s'"


def make_weeks(instants: Iterable[datetime]) -> None:
    """See that rows of these times have somewhere to go; readers and writers of other weeks are not disturbed."""
    mondays = {monday_of(at) for at in instants}
    missing = [(table, monday) for table in TABLES for monday in sorted(mondays) if not is_there(table, monday)]
    if not missing:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME)
        for table, monday in missing:
            if not is_there(table, monday):  # somebody was quicker
                name, bounds = name_of(table, monday), [midnight(monday), midnight(monday + WEEK)]
                # In two steps: made as a partition at once, it would wait for every reader of the whole table.
                cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
                cursor.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)", bounds)


def keep_weeks(*, now: datetime) -> None:
    """Make the weeks to come, drop those of which every row is past its retention."""
    with transaction.atomic():
        make_weeks(now + week * WEEK for week in range(AHEAD + 1))
    for table in TABLES:
        for name in weeks_of(table):
            if midnight(monday_in(name) + WEEK) <= now - KEPT:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(PATIENCE)
                    cursor.execute(f"DROP TABLE {name}")


def weeks_of(table: str) -> list[str]:
    """The names of a table's partitions, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        return sorted(name for (name,) in cursor.fetchall())


def is_there(table: str, monday: date) -> bool:
    return name_of(table, monday) in weeks_of(table)


def name_of(table: str, monday: date) -> str:
    return f"{table}_{monday:%Y%m%d}"


def monday_in(name: str) -> date:
    return datetime.strptime(name.rpartition("_")[2], "%Y%m%d").replace(tzinfo=UTC).date()


def monday_of(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
