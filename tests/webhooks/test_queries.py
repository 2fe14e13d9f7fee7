"""What is read of subscriptions: whose they are, why they stand still, and their log page by page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.webhooks.models import Reason, Standing, State
from apps.webhooks.queries import (
    DISABLED,
    Place,
    attempts_of,
    deliveries_of,
    status_of,
    subscriptions_of,
    subscriptions_of_organization,
    why_stopped,
)
from apps.webhooks.standing import OPENING_TIERS, SUBSCRIPTIONS, WHY
from tests.factories import ApiKeyFactory
from tests.webhooks.delivering import subscribed
from tests.webhooks.rows import delivery_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_keys_are_its_own_and_an_organisations_are_those_of_all_its_keys() -> None:
    key = ApiKeyFactory(tier="growth")
    sibling = ApiKeyFactory(organization=key.organization)
    mine, theirs = subscribed(key=key, now=NOW), subscribed(key=sibling, now=NOW + SECOND)
    subscribed(now=NOW)
    subscribed("https://hooks.example.test/gone", key=key, now=NOW, deleted_at=NOW)
    assert list(subscriptions_of(key)) == [mine]
    assert list(subscriptions_of_organization(key.organization)) == [mine, theirs]


@pytest.mark.parametrize(
    ("key", "tier", "fields", "why", "status"),
    [
        ({}, "growth", {}, Reason.NONE, "active"),
        ({}, "enterprise", {"status": Standing.PAUSED, "stopped_at": NOW}, Reason.PAUSED, "paused"),
        ({}, "growth", {"status": Standing.EXHAUSTED, "stopped_at": NOW}, Reason.EXHAUSTED, "exhausted"),
        ({"revoked_at": NOW - SECOND}, "growth", {}, Reason.KEY, DISABLED),
        ({"expires_at": NOW}, "growth", {}, Reason.KEY, DISABLED),
        ({"expires_at": NOW + SECOND}, "growth", {}, Reason.NONE, "active"),
        ({}, "starter", {}, Reason.TIER, DISABLED),
        ({"revoked_at": NOW}, "starter", {"status": Standing.PAUSED, "stopped_at": NOW}, Reason.KEY, DISABLED),
        ({}, "starter", {"deleted_at": NOW}, Reason.DELETED, "active"),
    ],
)
def test_why_it_stands_still_is_the_same_in_python_and_in_sql(key, tier, fields, why, status) -> None:
    subscription = subscribed(key=ApiKeyFactory(tier=tier, **key), now=NOW, **fields)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {WHY} FROM {SUBSCRIPTIONS}", {"now": NOW, "tiers": OPENING_TIERS})
        assert cursor.fetchall() == [(why,)]
    assert why_stopped(subscription, now=NOW) == why
    assert status_of(subscription, now=NOW) == status


def test_a_page_is_read_with_two_queries_however_much_is_on_it(django_assert_num_queries) -> None:
    subscription = subscribed(now=NOW)
    rows = [delivery_of(subscription, at=NOW, status=State.FAILED, attempts=3) for _ in range(5)]
    with django_assert_num_queries(2):
        page = deliveries_of(subscription, limit=5)
        attempts = attempts_of(page.deliveries)
    assert page.next is None
    assert {each.pk for each in page.deliveries} == {each.pk for each in rows}
    assert all([each.number for each in attempts[row.pk]] == [1, 2, 3] for row in rows)


def test_a_place_is_behind_its_delivery_and_before_the_next() -> None:
    subscription = subscribed(now=NOW)
    rows = [delivery_of(subscription, at=at) for at in (NOW, NOW, NOW - SECOND)]
    rows.sort(key=lambda row: (row.created_at, row.event_id), reverse=True)
    first = deliveries_of(subscription, limit=1)
    assert first.deliveries == rows[:1]
    assert first.next == Place(rows[0].created_at, rows[0].event_id)
    rest = deliveries_of(subscription, limit=2, after=first.next)
    assert (rest.deliveries, rest.next) == (rows[1:], None)


def test_a_page_deep_down_reads_an_index_and_sorts_nothing() -> None:
    subscription = subscribed(now=NOW)
    rows = [delivery_of(subscription, at=NOW - each * SECOND) for each in range(20)]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    after = Place(rows[10].created_at, rows[10].event_id)
    found = deliveries_of(subscription, limit=3, after=after)
    assert found.deliveries == rows[11:14]
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT * FROM webhooks_delivery WHERE subscription_id = %s "
            "ORDER BY created_at DESC, event_id DESC LIMIT 3",
            [subscription.pk],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan Backward" in plan
    assert "Sort" not in plan.replace("Sort Key", "")
