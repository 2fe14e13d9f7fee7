"""Weeks of deliveries and attempts: there before they are needed, gone whole when all in them is past its time."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from apps.webhooks.models import Attempt, Delivery, State
from apps.webhooks.partitions import AHEAD, KEPT, TABLES, WEEK, keep_weeks, make_weeks, monday_of, name_of, weeks_of
from tests.streams import until as eventually
from tests.together import at_once
from tests.webhooks.delivering import subscribed
from tests.webhooks.rows import delivery_of

pytestmark = pytest.mark.django_db
MONDAY = datetime(2031, 5, 26, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def weeks(table: str) -> list[str]:
    """The partitions of the years that these tests are in."""
    return [name for name in weeks_of(table) if name.rpartition("_")[2] > "2030"]


@pytest.mark.parametrize("at", [MONDAY, MONDAY + timedelta(days=3, hours=5), MONDAY + WEEK - INSTANT])
def test_this_week_and_those_to_come_are_there(at) -> None:
    keep_weeks(now=at)
    keep_weeks(now=at)
    for table in TABLES:
        assert weeks(table) == [name_of(table, (MONDAY + ahead * WEEK).date()) for ahead in range(AHEAD + 1)]


@pytest.mark.parametrize(
    "at",
    [
        MONDAY,
        MONDAY - INSTANT,
        datetime(2031, 5, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2031, 6, 1, tzinfo=UTC),
        datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2032, 2, 29, 12, tzinfo=UTC),
        datetime(2031, 5, 26, 1, tzinfo=UTC).astimezone(),
    ],
)
def test_a_row_lies_in_the_week_of_its_instant(at) -> None:
    delivery = delivery_of(subscribed(now=at), at=at, status=State.FAILED, attempts=1)
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT tableoid::regclass::text FROM {table}")
            assert cursor.fetchall() == [(name_of(table, monday_of(at)),)]
    assert Delivery.objects.get() == delivery
    assert Attempt.objects.get().at == at


def test_a_week_goes_when_its_last_instant_is_past_the_retention_and_not_before() -> None:
    subscription = subscribed(now=MONDAY)
    delivery_of(subscription, at=MONDAY, status=State.FAILED, attempts=1)
    delivery_of(subscription, at=MONDAY + WEEK, status=State.FAILED, attempts=1)
    for now, left in [(MONDAY + WEEK + KEPT - INSTANT, 2), (MONDAY + WEEK + KEPT, 1), (MONDAY + 2 * WEEK + KEPT, 0)]:
        keep_weeks(now=now)
        assert (Delivery.objects.count(), Attempt.objects.count()) == (left, left)


def test_no_row_younger_than_the_retention_is_ever_dropped() -> None:
    subscription = subscribed(now=MONDAY)
    for day in range(120):
        delivery_of(subscription, at=MONDAY + timedelta(days=day))
        now = MONDAY + timedelta(days=day)
        keep_weeks(now=now)
        oldest = min(Delivery.objects.values_list("created_at", flat=True))
        assert max(MONDAY, now - KEPT - WEEK) <= oldest <= max(MONDAY, now - KEPT)


@pytest.fixture
def no_week() -> Iterator[None]:
    """What a test commits is gone after it."""
    yield
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS {name_of(table, MONDAY.date())}")


@pytest.mark.django_db(transaction=True)
def test_who_finds_a_week_being_made_waits_for_it_and_goes_on(no_week) -> None:
    made, waiting = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            make_weeks([MONDAY])
            made.set()
            waiting.wait(10)

    def second() -> None:
        made.wait(10)
        with transaction.atomic():
            make_weeks([MONDAY])

    def until_it_waits() -> None:
        made.wait(10)
        eventually(somebody_waits)
        waiting.set()

    assert at_once(first, second, until_it_waits) == [None] * 3
    assert all(weeks(table) == [name_of(table, MONDAY.date())] for table in TABLES)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
