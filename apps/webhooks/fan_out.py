"""Every event of the log becomes one delivery for each subscription to its type, in the log's order, once."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.webhooks.models import FanOut
from apps.webhooks.partitions import KEPT, make_weeks
from apps.webhooks.standing import OPENING_TIERS, SUBSCRIPTIONS, WHY

MOST_EVENTS = 1_000  # in one transaction
MOST_ROWS = 20_000

NEWS = """
SELECT coalesce((SELECT last_sequence FROM outbox_outboxhead WHERE id = 1), 0)
     > coalesce((SELECT last_sequence FROM webhooks_fanout WHERE id = 1), 0)
"""
# In the order of their ids, as everybody locks more than one.
HOLD = "SELECT id FROM webhooks_subscription WHERE deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE"
EVENTS = """
SELECT sequence, created_at FROM outbox_outboxevent WHERE sequence > %(after)s ORDER BY sequence LIMIT %(most)s
"""
# One that is stopped has its deliveries too, cancelled, so that its log says what it missed: for as long as those are
# kept anyway.
DELIVER = f"""
WITH news AS MATERIALIZED (
    SELECT sequence, id, type, subject_id, created_at,
           (body::jsonb #>> '{{data,kickoff_at}}')::timestamptz AS kickoff_at
    FROM outbox_outboxevent WHERE sequence > %(after)s AND sequence <= %(until)s
), told AS MATERIALIZED (
    SELECT s.id, s.events, s.begins_after, {WHY} AS why
    FROM {SUBSCRIPTIONS}
    WHERE s.deleted_at IS NULL
      AND coalesce(least(s.stopped_at, k.revoked_at, k.expires_at), %(now)s) > %(forgotten)s
), made AS (
    INSERT INTO webhooks_delivery (
        id, subscription_id, created_at, event_id, event, sequence, subject_id, kickoff_at,
        status, reason, due_at, attempts, failures
    )
    SELECT gen_random_uuid(), told.id, news.created_at, news.id, news.type, news.sequence, news.subject_id,
           news.kickoff_at, CASE WHEN told.why = '' THEN 'pending' ELSE 'cancelled' END, told.why,
           CASE WHEN told.why = '' THEN %(now)s END, 0, 0
    FROM news JOIN told ON news.type = ANY(told.events) AND news.sequence > told.begins_after
    ON CONFLICT (subscription_id, created_at, event_id) DO NOTHING
    RETURNING subscription_id, status
), waiting AS (
    UPDATE webhooks_subscription SET due_at = least(due_at, %(now)s)
    WHERE id IN (SELECT subscription_id FROM made WHERE status = 'pending')
)
SELECT count(*) FROM made
"""


def fan_out(*, now: datetime) -> int:
    """Make the deliveries of all events that have none yet; how many were made.

    A killed one has made those of whole events, and the next goes on behind them; two at once wait for each other.
    """
    made = 0
    while there_is_news():
        made += _some(now=now)
    return made


def there_is_news() -> bool:
    """Whether the log holds an event that was not fanned out yet."""
    with connection.cursor() as cursor:
        cursor.execute(NEWS)
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _some(*, now: datetime) -> int:
    FanOut.objects.bulk_create([FanOut()], ignore_conflicts=True)
    position = FanOut.objects.select_for_update().get()
    with connection.cursor() as cursor:
        cursor.execute(HOLD)
        most = max(1, min(MOST_EVENTS, MOST_ROWS // max(1, cursor.rowcount)))
        cursor.execute(EVENTS, {"after": position.last_sequence, "most": most})
        events = cursor.fetchall()
        if not events:  # somebody was quicker
            return 0
        make_weeks(created_at for _sequence, created_at in events)
        until = events[-1][0]
        cursor.execute(DELIVER, told_of(position.last_sequence, until, now=now))
        (made,) = cursor.fetchone()
    position.last_sequence = until
    position.save()
    return int(made)


def told_of(after: int, until: int, *, now: datetime) -> dict[str, Any]:
    return {
        "after": after,
        "until": until,
        "now": now,
        "tiers": OPENING_TIERS,
        "forgotten": now - KEPT,
    }
