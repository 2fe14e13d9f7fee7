"""Does the feed still move? One that answers and never changes a price has frozen, whatever it says of itself."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.conf import settings

from apps.core.redis import client as redis_client

SINCE, SEEN = "feed:still:since", "feed:still:seen"
MANY = 60  # fixtures looked at without one change of price: fewer may simply be a quiet night


def note(*, fixture_ids: Iterable[int], moved: bool, now: datetime) -> None:
    """Remember which fixtures' prices were looked at, and whether any had changed."""
    store = redis_client()
    looked_at = [str(fixture_id) for fixture_id in fixture_ids]
    if moved:
        store.delete(SINCE, SEEN)
    elif looked_at:
        store.set(SINCE, now.timestamp(), nx=True)
        store.sadd(SEEN, *looked_at)
        for key in (SINCE, SEEN):  # what nobody looks at does not stand still
            store.expire(key, settings.QUOTE_MAX_AGE_SECONDS)


def still_since(*, now: datetime) -> datetime | None:
    """Since when no price has moved, where that is longer than a price may be old; None while the feed moves.

    Prices of such a feed are as old as that, however often they are confirmed: they make no candidates.
    """
    since = redis_client().get(SINCE)
    if since is None or int(redis_client().scard(SEEN)) < MANY:
        return None
    at = datetime.fromtimestamp(float(since), tz=UTC)
    return at if (now - at).total_seconds() > settings.QUOTE_MAX_AGE_SECONDS else None
