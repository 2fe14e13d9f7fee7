"""A deliverer whose clock and receivers are the test's: nothing is dialled, time passes when the test says so."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.access.models import ApiKey
from apps.core.sealing import seal
from apps.outbox.models import PUBLISHED, SETTLED, OutboxEvent
from apps.outbox.services import emit
from apps.webhooks.deliverer import Deliverer
from apps.webhooks.models import Delivery, Subscription
from apps.webhooks.recording import Outcome
from apps.webhooks.sender import Attempted
from apps.webhooks.signing import new_secret
from tests.factories import ApiKeyFactory

BEGAN = datetime(2026, 5, 25, 9, tzinfo=UTC)
KICKOFF = "2026-05-25T15:00:00Z"


def ok(_sent: "Sent") -> Attempted:
    return Attempted(address="192.0.2.1", status_code=200, duration_ms=5)


def answering(status: int, *, retry_after: float | None = None) -> Callable[["Sent"], Attempted]:
    def answer(_sent: "Sent") -> Attempted:
        return Attempted(status_code=status, duration_ms=5, error=f"Answered {status}.", retry_after=retry_after)

    return answer


@dataclass
class Sent:
    """One attempt as its receiver saw it, at that second since the test began."""

    second: float
    url: str
    event: str
    event_id: str
    delivery: str
    number: int
    body: bytes
    headers: dict[str, str]


@dataclass
class Post:
    """The sender's place: receivers answer by their URL, and all that was sent stands in `sent`."""

    clock: "Clock"
    answers: dict[str, Callable[[Sent], Attempted]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    def send(self, url: str, *, body: bytes, headers: dict[str, str]) -> Attempted:
        sent = Sent(
            self.clock.passed,
            url,
            headers["X-BetEdge-Event"],
            headers["webhook-id"],
            headers["X-BetEdge-Delivery"],
            int(headers["X-BetEdge-Attempt"]),
            body,
            headers,
        )
        self.sent.append(sent)
        return self.answers.get(url, ok)(sent)

    def seconds(self, *, event: OutboxEvent | None = None, url: str | None = None) -> list[float]:
        """When it was sent: of one event, to one URL, or all."""
        return [
            sent.second
            for sent in self.sent
            if (event is None or sent.event_id == str(event.id)) and (url is None or sent.url == url)
        ]


@dataclass
class Clock:
    began: datetime
    passed: float = 0.0

    def __call__(self) -> datetime:
        return self.began + timedelta(seconds=self.passed)


class Hands:
    """The crew's place: what is given is done at once, by the one thread that there is."""

    def __init__(self, work: Callable[[Any], Outcome], *, most: int) -> None:
        self.work = work
        self.most = most
        self.finished: list[Outcome] = []

    @property
    def room(self) -> int:
        return self.most - len(self.finished)

    @property
    def under_way(self) -> int:
        return len(self.finished)

    def give(self, due: Any) -> None:
        self.finished.append(self.work(due))

    def done(self) -> list[Outcome]:
        finished, self.finished = self.finished, []
        return finished

    waits = False

    def staff(self, *, patient: int = 0) -> None:
        pass


class Delivering:
    """A deliverer without threads: `until(seconds)` lets time pass, stopping wherever something is due."""

    def __init__(self, post: Post, clock: Clock, *, jitter: float = 0.0, most: int = 64) -> None:
        self.post, self.clock = post, clock
        self.deliverer = Deliverer(clock=clock, jitter=lambda: jitter)
        self.deliverer.crew = Hands(self.deliverer.attempt, most=most)  # type: ignore[assignment]

    def now(self) -> None:
        """All that is due at this moment, to its end."""
        self.deliverer._sweep_due = 0.0
        while True:
            before = len(self.post.sent)
            self.deliverer.turn()
            self.deliverer.turn()
            if len(self.post.sent) == before and not self.deliverer.lanes:
                return

    def until(self, seconds: float) -> None:
        self.now()
        while (due := next_due()) is not None and due <= self.clock.began + timedelta(seconds=seconds):
            self.clock.passed = max(self.clock.passed, (due - self.clock.began).total_seconds())
            self.now()
        self.clock.passed = seconds
        self.now()


def next_due() -> datetime | None:
    found: datetime | None = (
        Subscription.objects.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True).first()
    )
    return found


def subscribed(
    url: str = "https://hooks.example.test/a",
    *,
    key: ApiKey | None = None,
    events: tuple[str, ...] = (PUBLISHED, SETTLED),
    now: datetime,
    **fields: Any,
) -> Subscription:
    """A subscription as create_subscription makes it, without a look at the URL."""
    return Subscription.objects.create(
        key=key or ApiKeyFactory(tier="growth"),
        url=url,
        compared_url=url,
        events=list(events),
        created_at=now,
        begins_after=fields.pop("begins_after", 0),
        sealed_secret=seal(new_secret()),
        **fields,
    )


def told(event: str = PUBLISHED, *, pick: uuid.UUID | None = None, kickoff: str = KICKOFF, at: datetime) -> OutboxEvent:
    """An event of the log, committed."""
    pick = pick or uuid.uuid4()
    with transaction.atomic():
        return emit(
            event,
            key=f"{event}:{pick}:{uuid.uuid4()}",
            subject_id=pick,
            payload={"id": str(pick), "kickoff_at": kickoff, "odds": 1.91},
            at=at,
        )


def only(subscription: Subscription) -> Delivery:
    """Its one delivery."""
    return Delivery.objects.get(subscription=subscription)
