"""Does the feed still move? One that answers and never changes a price has frozen, whatever it says of itself."""

from datetime import UTC, datetime

from django.conf import settings

from apps.core.redis import client as redis_client

KEY = "feed:still"
MANY = 200  # prices looked at without one change: fewer may simply be a quiet night


def note(*, looked_at: int, moved: bool, now: datetime) -> None:
    """Remember that so many prices were looked at, and whether any had changed."""
    store = redis_client()
    if moved:
        store.delete(KEY)
    elif looked_at:
        store.hsetnx(KEY, "since", str(now.timestamp()))
        store.hincrby(KEY, "prices", looked_at)
        store.expire(KEY, settings.QUOTE_MAX_AGE_SECONDS)  # what nobody looks at does not stand still


def still_since(*, now: datetime) -> datetime | None:
    """Since when no price has moved, where that is longer than a price may be old; None while the feed moves.

    Prices of such a feed are as old as that, however often they are confirmed: they make no candidates.
    """
    since, prices = redis_client().hmget(KEY, ["since", "prices"])
    if since is None or int(prices or 0) < MANY:
        return None
    at = datetime.fromtimestamp(float(since), tz=UTC)
    return at if (now - at).total_seconds() > settings.QUOTE_MAX_AGE_SECONDS else None
