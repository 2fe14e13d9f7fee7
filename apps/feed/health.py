"""Is the feed well, and does anybody work? Registered for /readyz."""

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from redis.exceptions import RedisError

from apps.core.redis import client as redis_client
from apps.feed.models import Poll
from apps.feed.services import TICK
from apps.feed.stillness import still_since

WORKERS_LATE_SECONDS = 30
NEEDED = ("catalogue", "live")
ERROR_COUNTS = timedelta(minutes=15)  # some requests are made only when there is something to ask


def workers() -> tuple[str, str]:
    """Degraded where no worker has run a tick of beat for half a minute."""
    try:
        tick = redis_client().get(TICK)
    except RedisError:
        return "degraded", "Redis does not answer, so nobody knows."
    age = time.time() - float(str(tick)) if tick else None
    if age is None or age > WORKERS_LATE_SECONDS:
        since = "has run yet" if age is None else f"has run for {age:.0f} s"
        return "degraded", f"No worker {since}: see that `worker` and `beat` are running."
    return "ok", f"a worker ran {max(age, 0):.0f} s ago"


def feed() -> tuple[str, str]:
    """Degraded, with the reason, where a poll fails or is late; picks are served all the same."""
    polls = {poll.name: poll for poll in Poll.objects.all()}
    problems = []
    needed = (*NEEDED, "anchor") if settings.ODDS_API_KEY else NEEDED
    for name in needed:
        poll = polls.get(name)
        late = timedelta(seconds=max(3 * settings.POLL_SECONDS[name], 60))
        if poll is None or poll.last_ok_at is None:
            problems.append(f"{name}: {poll.last_error if poll and poll.last_error else 'not asked yet'}")
        elif poll.failures or timezone.now() - poll.last_ok_at > late:
            problems.append(f"{name}: last good {poll.last_ok_at:%H:%M:%S} UTC; {poll.last_error or 'late'}")
    recent = timezone.now() - ERROR_COUNTS
    problems += [
        f"{poll.name}: {poll.last_error}"
        for poll in polls.values()
        if poll.name not in needed and poll.last_error and poll.last_error_at and poll.last_error_at > recent
    ]
    try:
        since = still_since(now=timezone.now())
    except RedisError:
        since, problems = None, [*problems, "Redis does not answer, so no upstream is asked"]
    if since is not None:
        problems.append(f"odds: no price has moved since {since:%H:%M:%S} UTC, so the feed may have frozen")
    if problems:
        return "degraded", ". ".join(problems)
    skipped = sum(poll.skipped for poll in polls.values())
    return "ok", f"{skipped} unreadable records were skipped in the last answers" if skipped else "every poll is well"
