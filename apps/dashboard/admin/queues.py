"""How far everything behind the requests has come: what waits, since when, and what to do where that is too long."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q
from redis.exceptions import RedisError

from apps.access.queries import usage_known_until
from apps.accounts.models import OutgoingMail
from apps.core.redis import client as redis_client
from apps.feed.models import AnchorRow, Fixture
from apps.feed.services import TICK
from apps.outbox.queries import first_told_after, last_sequence
from apps.picks.admin.columns import in_words
from apps.picks.models import Pick, Status
from apps.webhooks.models import FanOut, Standing, Subscription

LATE = timedelta(minutes=1)
MANY_TASKS = 50  # a tick that is late is dropped, so a broker that holds more has lost its workers
SOON = timedelta(hours=1)
BROKER = {"celery": "worker", "deliver": "deliver"}  # the queues and the processes that empty them


@dataclass(frozen=True, slots=True)
class Queue:
    """advice: what to do, empty where all is well; page: the admin's list of what waits, and its query string."""

    name: str
    holds: str
    advice: str = ""
    page: str = ""
    query: str = ""


def queues(*, now: datetime) -> list[Queue]:
    """Every queue there is, in the order in which a pick goes through them. About a dozen statements."""
    parts: list[Callable[[datetime], Queue]] = [
        _odds, _anchor_rows, _reviews, _settlements, _fan_out, _deliveries, _exhausted, _mail, _usage, _beat,
    ]  # fmt: skip
    return [*(part(now) for part in parts), *_broker()]


def _odds(now: datetime) -> Queue:
    horizon = now + timedelta(hours=settings.KICKOFF_HORIZON_HOURS)
    open_ones = Fixture.objects.filter(started_at=None, merged_into=None, kickoff_at__gt=now, kickoff_at__lt=horizon)
    late = open_ones.filter(odds_due_at__lt=now - LATE).aggregate(count=Count("pk"), since=Min("odds_due_at"))
    advice = "Prices are asked too slowly: look at the polls above, at worker, and at PORQPINE_REQUESTS_PER_SECOND."
    return _waiting(
        "Fixtures whose prices are overdue", late, now=now, advice=advice, page="admin:feed_fixture_changelist"
    )


def _anchor_rows(now: datetime) -> Queue:
    rows = AnchorRow.objects.filter(fixture=None, last_seen_at__gt=now - timedelta(days=1)).count()
    return Queue("Anchor rows of the last day without a fixture", f"{rows:,}", page="admin:feed_anchorrow_changelist")


def _reviews(now: datetime) -> Queue:
    waiting = Pick.objects.filter(status=Status.REVIEW).aggregate(
        count=Count("pk"), since=Min("proposed_at"), soon=Count("pk", filter=Q(kickoff_at__lt=now + SOON))
    )
    advice = (
        f"{waiting['soon']} begin within the hour and expire at their start: review them." if waiting["soon"] else ""
    )
    return _waiting("Picks in review", waiting, now=now, advice=advice, page="admin:picks_pick_changelist")


def _settlements(now: datetime) -> Queue:
    held = Pick.objects.filter(status=Status.PUBLISHED).exclude(held="")
    waiting = held.aggregate(count=Count("pk"), since=Min("held_at"))
    advice = "Settle them by hand: customers wait for these results."
    page, query = "admin:picks_pick_changelist", "queue=settlement"
    return _waiting("Picks that the rules could not settle", waiting, now=now, advice=advice, page=page, query=query)


def _fan_out(now: datetime) -> Queue:
    position = FanOut.objects.values_list("last_sequence", flat=True).first() or 0
    last, since = last_sequence(), first_told_after(position)
    holds = (
        f"{last - position:,} behind: event {position:,} of {last:,}"
        if last > position
        else f"event {last:,}, the last"
    )
    if since is None or now - since < LATE:
        return Queue("Events not yet handed to webhooks", holds)
    advice = "See that deliver and beat run; the log of deliver says why it stands still."
    return Queue("Events not yet handed to webhooks", f"{holds}, since {in_words(since, now)}", advice)


def _deliveries(now: datetime) -> Queue:
    due = Subscription.objects.filter(due_at__lte=now).exclude(held_until__gt=now)
    waiting = due.aggregate(count=Count("pk"), since=Min("due_at", filter=Q(drags=False)))
    advice = "See that deliver runs; if it does, BETEDGE_DELIVER_THREADS is too low for these receivers."
    return _waiting("Webhooks with a delivery due", waiting, now=now, advice=advice)


def _exhausted(now: datetime) -> Queue:
    exhausted = Subscription.objects.filter(status=Standing.EXHAUSTED, deleted_at=None)
    waiting = exhausted.aggregate(count=Count("pk"), since=Min("stopped_at"))
    page, query = "admin:webhooks_subscription_changelist", "status__exact=exhausted"
    advice = "Their owners were mailed; only they can enable them again."
    return _waiting("Exhausted webhooks", waiting, now=now, advice=advice, page=page, query=query)


def _mail(now: datetime) -> Queue:
    waiting = OutgoingMail.objects.filter(due_at__lte=now).aggregate(count=Count("pk"), since=Min("due_at"))
    return _waiting("Mails to send", waiting, now=now, advice="See that EMAIL_URL is right and its server answers.")


def _usage(now: datetime) -> Queue:
    known = usage_known_until()
    if known is None:
        return Queue("Usage written down", "nothing yet")
    advice = "Nothing is lost while Redis runs: see that worker and beat run." if now - known > LATE else ""
    return Queue("Usage written down", f"up to {in_words(known, now)}", advice)


def _beat(now: datetime) -> Queue:
    try:
        tick: Any = redis_client().get(TICK)
    except RedisError:
        return Queue("Last tick of beat", "unknown", "Redis does not answer: nothing is asked, proposed or sent.")
    if tick is None:
        return Queue("Last tick of beat", "none yet", "See that beat and worker run.")
    age = now.timestamp() - float(tick)
    advice = "See that beat and worker run." if age > LATE.total_seconds() else ""
    return Queue("Last tick of beat", f"{max(age, 0):.0f} s ago", advice)


def _broker() -> Iterator[Queue]:
    for queue, process in BROKER.items():
        name = f"Tasks waiting for {process}"
        try:
            waiting = int(redis_client().llen(queue))
        except RedisError:
            yield Queue(name, "unknown", "Redis does not answer: start it, the processes find it by themselves.")
            continue
        advice = f"{process} does not keep up: see that it runs, or run another." if waiting > MANY_TASKS else ""
        yield Queue(name, f"{waiting:,}", advice)


def _waiting(name: str, found: dict[str, Any], *, now: datetime, advice: str, page: str = "", query: str = "") -> Queue:
    """A count with the time of its oldest; advice stands only where something has waited for over a minute."""
    count, since = found["count"], found["since"]
    holds = f"{count:,}, the oldest {in_words(since, now)}" if count and since else f"{count:,}"
    late = since is not None and now - since > LATE
    return Queue(name, holds, advice if late else "", page, query)
