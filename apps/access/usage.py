"""Usage on its way through Redis: how its counters are named, and the errors noted beside them.

A counter is a hash of one organisation, run of the Redis server and minute: `{org}:u:<run>:<minute>`. It has a field
`<key>|<endpoint>|<outcome>` for each number, `<secret>` (the beginning of its hash) with the millisecond of its last
use, a second late at most, and `source`, which tells it from one of the same name that Redis lost. The set `{org}:u`
names those that are not yet drained, as `<run>:<minute>`.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import redis
import structlog

from apps.access.state import MINUTE, Identity, script, tag_of
from apps.core.redis import link

log = structlog.get_logger(__name__)

MOST_ERRORS = 10_000  # of one organisation, waiting to be drained
UNCOUNTED = "usage"  # asking how much is left costs nothing
NOTE = script("note")
LIMIT_CODES = {"rate_limit_exceeded", "monthly_quota_exceeded"}


@dataclass(frozen=True, slots=True)
class Window:
    """What the window of a key held when a limit refused a request. Times in milliseconds; None: it was empty."""

    limit: int
    count: int
    oldest_ms: int | None
    newest_ms: int | None


def errors_of(organization_id: UUID) -> str:
    """The stream of an organisation's errors that are not yet drained."""
    return f"{tag_of(organization_id)}e"


def note_error(
    *,
    who: Identity,
    at_ms: int,
    endpoint: str,
    request_id: str,
    status: int,
    code: str,
    window: Window | None = None,
) -> None:
    """Count an answer of 400 or more as refused or failed in the minute of its admission, and keep it to be shown.

    `window` for what a limit refused, which the admission has counted. What Redis cannot take now is not noted.
    """
    outcome = "failed" if status >= 500 else "refused"
    field = "" if code in LIMIT_CODES or endpoint == UNCOUNTED else f"{who.key}|{endpoint}|{outcome}"
    record: dict[str, Any] = {
        "id": uuid4().hex,
        "key": who.key,
        "at": at_ms,
        "endpoint": endpoint,
        "request_id": request_id,
        "status": status,
        "code": code,
        "window": None if window is None else [window.limit, window.count, window.oldest_ms, window.newest_ms],
    }
    try:
        mine = link()
        counter = f"{mine.run}:{at_ms // MINUTE}"
        mine.call(
            NOTE,
            [f"{who.usages}:{counter}", who.usages, errors_of(who.organization_id)],
            [counter, field, json.dumps(record), MOST_ERRORS],
        )
    except redis.RedisError as error:
        log.warning("an error could not be noted", error=type(error).__name__, code=code)
