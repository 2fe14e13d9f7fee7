"""When the next attempt is due. Pure: knows no database and no clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

MOST_JITTER = 0.1  # of a delay; added, so that receivers that failed together are not asked together again


def next_attempt(
    *,
    failures: int,
    began_at: datetime,
    delays: Sequence[float],
    jitter: float,
    asked_to_wait: float | None = None,
) -> datetime | None:
    """When to try again after the `failures`-th failure in a row of a delivery; None when it has failed for good.

    delays: seconds from the start of an attempt to the start of the next, one for each retry. jitter: 0 to MOST_JITTER.
    asked_to_wait: seconds after the start that the receiver asked for (Retry-After): they lengthen the delay, up to
    the one that follows it.
    """
    if failures > len(delays):
        return None
    delay = delays[failures - 1]
    if asked_to_wait is not None:
        following = delays[min(failures, len(delays) - 1)]
        delay = max(delay, min(asked_to_wait, following))
    return began_at + timedelta(seconds=delay * (1 + jitter))


def coming_attempts(*, failures: int, due_at: datetime, delays: Sequence[float]) -> list[datetime]:
    """When the rest of the schedule is due, at the earliest, if each attempt fails: the one at due_at, and the retries
    after it. failures: in a row, of the delivery so far.
    """
    instants = [due_at]
    for delay in delays[failures:]:
        instants.append(instants[-1] + timedelta(seconds=delay))
    return instants
