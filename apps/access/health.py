"""Does usage reach PostgreSQL? Registered for /readyz."""

from datetime import timedelta

from django.utils import timezone

from apps.access.queries import usage_known_until

LATE = timedelta(minutes=1)


def usage() -> tuple[str, str]:
    """Degraded where the counts of Redis have not been written down for a minute; requests are served all the same."""
    known = usage_known_until()
    if known is None:
        return "ok", "Nothing was written down yet."
    if timezone.now() - known > LATE:
        return "degraded", f"Usage was last written down at {known:%H:%M:%S} UTC: see that `worker` and `beat` run."
    return "ok", f"Written down up to {known:%H:%M:%S} UTC."
