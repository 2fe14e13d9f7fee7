"""How long usage is kept: minutes 26 hours, hours 400 days, months for good, of errors the last and the refused."""

from datetime import datetime, timedelta

from django.db import connection

from apps.access.models import UsageHour, UsageMinute
from apps.access.queries import ERRORS_SHOWN

KEEP_MINUTES = timedelta(hours=26)  # Redis forgets a counter after 24: one that an old file brings back is still known
KEEP_HOURS = timedelta(days=400)
KEEP_REFUSALS = timedelta(hours=24)
MOST_REFUSALS = 10_000  # of one key: hammering at a limit shall not fill the disk

FORGET_ERRORS = """
DELETE FROM access_apierror WHERE id IN (
    SELECT id FROM (
        SELECT id, at, window_limit, row_number() OVER (PARTITION BY key_id ORDER BY at DESC, id DESC) AS place
        FROM access_apierror
    ) AS placed
    WHERE place > %(most)s OR place > %(shown)s AND (window_limit IS NULL OR at < %(refusals_since)s)
)
"""


def forget_usage(*, now: datetime) -> None:
    """Delete what has been kept long enough."""
    UsageMinute.objects.filter(minute__lt=now - KEEP_MINUTES).delete()
    UsageHour.objects.filter(hour__lt=now - KEEP_HOURS).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            FORGET_ERRORS, {"most": MOST_REFUSALS, "shown": ERRORS_SHOWN, "refusals_since": now - KEEP_REFUSALS}
        )
