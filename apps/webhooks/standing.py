"""Whether a subscription may be sent to, and the end of what may not be sent."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.accounts.tiers import GROWTH, TIERS, reaches

OPENING_TIERS = [slug for slug in TIERS if reaches(slug, GROWTH.slug)]

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

CANCEL = f"""
UPDATE webhooks_delivery d SET status = 'cancelled', reason = stopped.why, due_at = NULL
FROM (
    SELECT s.id, {WHY} AS why FROM {SUBSCRIPTIONS}
    WHERE %(all)s AND s.due_at IS NOT NULL OR s.id = ANY(%(only)s::uuid[])
) AS stopped
WHERE stopped.why <> '' AND d.subscription_id = stopped.id AND d.status = 'pending'
"""


def cancel_stopped(*, now: datetime, only: Collection[UUID] | None = None) -> int:
    """Cancel what is pending for subscriptions that may not be sent to any more; how many deliveries those were.

    only: look at these; else at all that have something due at some time.
    """
    with connection.cursor() as cursor:
        cursor.execute(CANCEL, {"now": now, "tiers": OPENING_TIERS, "all": only is None, "only": list(only or ())})
        return int(cursor.rowcount)
