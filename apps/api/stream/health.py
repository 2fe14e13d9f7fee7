"""Is a stream process reading the log? Each one that does says so in Redis; registered for /readyz."""

import redis
import structlog

from apps.core.redis import client

log = structlog.get_logger(__name__)

READING = "stream:reading"
HOLD_SECONDS = 10


def say_reading() -> None:
    """Of a process whose reader reads: it holds for ten seconds. Without Redis nobody is told."""
    try:
        client().set(READING, 1, ex=HOLD_SECONDS)
    except redis.RedisError as error:
        log.debug("reading not told", error=type(error).__name__)


def stream() -> tuple[str, str]:
    """Degraded where no stream process has read the log of late; requests are served all the same."""
    if client().exists(READING):
        return "ok", "The log is read."
    return "degraded", f"Nobody has read the log for {HOLD_SECONDS} s: see that `stream` runs and reaches PostgreSQL."
