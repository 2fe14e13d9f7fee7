"""Whether a subscription may be sent to, and the end of what may not be sent."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.tiers import GROWTH, opening

OPENING_TIERS = opening(GROWTH)

# The Reason why a subscription `s` of key `k` and organisation `o` may not be sent to; empty where it may.
WHY = """CASE
    WHEN s.deleted_at IS NOT NULL THEN 'deleted'
    WHEN k.revoked_at IS NOT NULL OR k.expires_at <= %(now)s THEN 'key'
    WHEN o.tier <> ALL(%(tiers)s) THEN 'tier'
    WHEN s.status <> 'active' THEN s.status
    ELSE ''
END"""
SUBSCRIPTIONS = """webhooks_subscription s
    JOIN access_apikey k ON k.id = s.key_id
    JOIN accounts_organization o ON o.id = k.organization_id"""

STOPPED = f"""
SELECT id, why FROM (
    SELECT s.id, {WHY} AS why FROM {SUBSCRIPTIONS}
    WHERE %(all)s AND s.due_at IS NOT NULL OR s.id = ANY(%(only)s::uuid[])
) AS looked_at WHERE why <> ''
"""
# Whoever changes a delivery holds its subscription: so nobody waits for another in a circle. What somebody holds is
# passed over, since waiting for one that stands still would hold up all others.
CANCEL = """
WITH held AS MATERIALIZED (
    SELECT id FROM webhooks_subscription WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE webhooks_delivery d SET status = 'cancelled', reason = stopped.why, due_at = NULL
FROM held JOIN unnest(%(ids)s::uuid[], %(whys)s::text[]) AS stopped (id, why) USING (id)
WHERE d.subscription_id = held.id AND d.status = 'pending'
"""


def cancel_stopped(*, now: datetime, only: Collection[UUID] | None = None) -> int:
    """Cancel what is pending for subscriptions that may not be sent to any more; how many deliveries those were.

    only: look at these; else at all that have something due at some time. One that somebody else holds is passed over.
    """
    asked: dict[str, Any] = {"now": now, "tiers": OPENING_TIERS, "all": only is None, "only": list(only or ())}
    with connection.cursor() as cursor:
        cursor.execute(STOPPED, asked)
        stopped = cursor.fetchall()
        if not stopped:
            return 0
        ids, whys = zip(*stopped, strict=True)
        cursor.execute(CANCEL, {"ids": list(ids), "whys": list(whys)})
        return int(cursor.rowcount)
