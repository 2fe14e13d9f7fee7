"""How full a key's hour is, looked at without counting."""

import redis
import structlog

from apps.access import limiter
from apps.access.limiter import Admission
from apps.access.models import ApiKey
from apps.access.state import Identity
from apps.access.usage import UNCOUNTED
from apps.core.away import REDIS_AWAY
from apps.core.redis import link

log = structlog.get_logger(__name__)


def gauge_of(key: ApiKey) -> Admission | None:
    """The key's window and its organisation's month at this moment; None for an ended key, and while Redis is away."""
    if REDIS_AWAY:
        return None
    who, newest = Identity.of(key.organization_id, key.pk), key.secrets.all()[0]
    try:
        return limiter.decide(link(), who, secret_hash=newest.secret_hash, endpoint=UNCOUNTED, count=False)
    except redis.RedisError as error:
        log.warning("gauge not read", error=type(error).__name__)
        return None
