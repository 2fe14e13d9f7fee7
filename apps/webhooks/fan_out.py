"""Every event of the log becomes one delivery for each subscription to its type, in the log's order, once."""

import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.dateparse import parse_datetime

from apps.outbox.models import OutboxEvent
from apps.webhooks.models import FanOut
from apps.webhooks.partitions import KEPT, make_weeks
from apps.webhooks.standing import OPENING_TIERS, SUBSCRIPTIONS, WHY

MOST_EVENTS = 1_000  # in one transaction
MOST_ROWS = 20_000

NEWS = """
SELECT coalesce((SELECT last_sequence FROM outbox_outboxhead WHERE id = 1), 0) > coalesce(last_sequence, 0)
    OR coalesce(cardinality(behind), 0) > 0
FROM (SELECT 1) AS always LEFT JOIN webhooks_fanout ON id = 1
"""
LIVING = "SELECT count(*) FROM webhooks_subscription WHERE deleted_at IS NULL"
# One that is stopped has its deliveries too, cancelled, so that its log says what it missed: for as long as those are
# kept anyway.
DELIVER = f"""
WITH news AS MATERIALIZED (
    SELECT e.sequence, e.id, e.type, e.subject_id, e.created_at, told.kickoff_at
    FROM unnest(%(sequences)s::bigint[], %(kickoffs)s::timestamptz[]) AS told (sequence, kickoff_at)
    JOIN outbox_outboxevent e USING (sequence)
), readers AS MATERIALIZED (
    SELECT s.id, s.events, s.begins_after, {WHY} AS why
    FROM {SUBSCRIPTIONS}
    WHERE s.deleted_at IS NULL
      AND coalesce(least(s.stopped_at, k.revoked_at, k.expires_at), %(now)s) > %(forgotten)s
), made AS (
    INSERT INTO webhooks_delivery (
        id, subscription_id, created_at, event_id, event, sequence, subject_id, kickoff_at,
        status, reason, due_at, attempts, failures
    )
    SELECT gen_random_uuid(), readers.id, news.created_at, news.id, news.type, news.sequence, news.subject_id,
           news.kickoff_at, CASE WHEN readers.why = '' THEN 'pending' ELSE 'cancelled' END, readers.why,
           CASE WHEN readers.why = '' THEN %(now)s END, 0, 0
    FROM news JOIN readers ON news.type = ANY(readers.events) AND news.sequence > readers.begins_after
    ON CONFLICT (subscription_id, created_at, event_id) DO NOTHING
    RETURNING subscription_id, status
)
SELECT count(*), coalesce(array_agg(DISTINCT subscription_id) FILTER (WHERE status = 'pending'), '{{}}') FROM made
"""
# Those that somebody holds at this moment are told with the next events: nobody's standing still stops the others.
TELL = """
WITH free AS MATERIALIZED (
    SELECT id FROM webhooks_subscription WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE webhooks_subscription s SET due_at = least(s.due_at, %(now)s) FROM free WHERE s.id = free.id RETURNING s.id
"""


def fan_out(*, now: datetime) -> int:
    """Make the deliveries of the next events that have none yet, at most MOST_EVENTS; how many were made.

    One that is killed has made all of them or none. Of two at once one does it, and looks again when it is done.
    """
    return _some(now=now) if there_is_news() else 0


def there_is_news() -> bool:
    """Whether the log holds an event that was not fanned out yet, or a subscription was not told of one."""
    with connection.cursor() as cursor:
        cursor.execute(NEWS)
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _some(*, now: datetime) -> int:
    FanOut.objects.bulk_create([FanOut()], ignore_conflicts=True)
    position = FanOut.objects.select_for_update(skip_locked=True).first()
    if position is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(LIVING)
        most = max(1, min(MOST_EVENTS, MOST_ROWS // max(1, cursor.fetchone()[0])))
        following = OutboxEvent.objects.filter(sequence__gt=position.last_sequence).order_by("sequence")
        events = list(following.values_list("sequence", "created_at", "body")[:most])
        make_weeks(created_at for _sequence, created_at, _body in events)
        cursor.execute(DELIVER, _told(events, now=now))
        made, waiting = cursor.fetchone()
        waiting = list({*position.behind, *waiting})
        cursor.execute(TELL, {"ids": waiting, "now": now})
        position.behind = sorted(set(waiting) - {lane_id for (lane_id,) in cursor.fetchall()})
    if events:
        position.last_sequence = events[-1][0]
    position.save()
    return int(made)


def _told(events: list[tuple[int, datetime, str]], *, now: datetime) -> dict[str, Any]:
    return {
        "sequences": [sequence for sequence, _at, _body in events],
        "kickoffs": [kickoff_in(body) for _sequence, _at, body in events],
        "now": now,
        "tiers": OPENING_TIERS,
        "forgotten": now - KEPT,
    }


def kickoff_in(body: str) -> datetime | None:
    """When the match of an event's pick begins; None where it does not say so."""
    try:
        return parse_datetime(json.loads(body)["data"]["kickoff_at"])
    except (KeyError, TypeError, ValueError):
        return None
