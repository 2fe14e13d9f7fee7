"""How each recurring request to an upstream went, written down where health reads it."""

from collections.abc import Callable
from typing import NamedTuple

import structlog
from django.db.models import F
from django.utils import timezone

from apps.feed.http import UpstreamFailed
from apps.feed.models import Poll

log = structlog.get_logger(__name__)


class Outcome(NamedTuple):
    """What a request brought: records read, records skipped, and what is wrong although an answer came."""

    records: int
    skipped: int = 0
    wrong: str = ""


def watched(name: str, ask: Callable[[], Outcome]) -> None:
    """Make a request and note how it went; UpstreamFailed ends here, all else is raised."""
    polls = Poll.objects.filter(name=name)
    Poll.objects.bulk_create([Poll(name=name, due_at=timezone.now())], ignore_conflicts=True)
    try:
        outcome = ask()
    except UpstreamFailed as error:
        log.warning("poll_failed", poll=name, reason=str(error))
        polls.update(failures=F("failures") + 1, last_error=str(error)[:500], last_error_at=timezone.now())
        return
    polls.update(last_ok_at=timezone.now(), failures=0, records=outcome.records, skipped=outcome.skipped)
    if outcome.wrong:
        polls.update(last_error=outcome.wrong[:500], last_error_at=timezone.now())
    else:
        polls.exclude(last_error="").update(last_error="")
