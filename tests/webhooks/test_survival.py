"""What deliveries must survive: each test is one way in which something was lost, late or stuck."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import DataError, OperationalError, connection, connections, transaction

from apps.outbox.models import SETTLED, OutboxEvent
from apps.outbox.services import emit
from apps.webhooks import deliverer as module
from apps.webhooks import fan_out as fanning
from apps.webhooks.crew import Crew
from apps.webhooks.deliverer import Deliverer
from apps.webhooks.fan_out import fan_out
from apps.webhooks.lanes import HOLD_SECONDS
from apps.webhooks.models import Delivery, FanOut, Subscription
from apps.webhooks.partitions import make_weeks
from apps.webhooks.sender import Attempted
from apps.webhooks.services import change_subscription, delete_subscription, hold, rotate_secret
from tests.factories import ApiKeyFactory
from tests.webhooks.delivering import BEGAN, Clock, Delivering, Post, answering, ok, only, subscribed, told

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "https://hooks.example.test/a"
THERE = "https://hooks.example.test/b"


@pytest.fixture
def delivering(post: Post, clock: Clock) -> Delivering:
    return Delivering(post, clock)


def turns(delivering: Delivering, count: int) -> None:
    """So many turns, whatever they raise, as the deliverer's own thread goes on."""
    for _ in range(count):
        delivering.deliverer._sweep_due = 0.0
        with suppress(ZeroDivisionError):
            delivering.deliverer.turn()


def test_one_deleted_soon_after_a_rotation_does_not_stop_the_others(delivering, post, clock) -> None:
    gone, other = subscribed(HERE, now=BEGAN), subscribed(THERE, now=BEGAN)
    post.answers[HERE] = answering(500)
    told(at=BEGAN)
    turns(delivering, 4)
    rotate_secret(subscription_id=gone.pk, now=clock())
    delete_subscription(subscription_id=gone.pk, now=clock())
    clock.passed = 70
    told(at=clock())
    turns(delivering, 10)
    assert post.seconds(url=other.url) == [0, 70]


def test_a_secret_that_cannot_be_read_does_not_stop_the_others(delivering, post) -> None:
    subscribed(HERE, now=BEGAN)
    subscribed(THERE, now=BEGAN)
    Subscription.objects.filter(url=HERE).update(sealed_secret="of another key")
    told(at=BEGAN)
    turns(delivering, 10)
    assert post.seconds(url=THERE) == [0]


def test_an_event_that_cannot_be_fanned_out_does_not_stop_what_is_due(delivering, post, clock) -> None:
    subscribed(HERE, now=BEGAN)
    post.answers[HERE] = answering(500)
    told(at=BEGAN)
    turns(delivering, 4)
    with pytest.raises(ValueError, match="JSON"), transaction.atomic():
        emit("pick.published", key="odd", subject_id=uuid4(), payload={"odds": float("nan")}, at=BEGAN)
    told(kickoff="some day", at=BEGAN)
    clock.passed = 60
    turns(delivering, 10)
    assert post.seconds(url=HERE) == [0, 60, 60]


def test_an_outcome_that_cannot_be_stored_does_not_stop_the_others(delivering, post) -> None:
    subscribed(HERE, now=BEGAN)
    subscribed(THERE, now=BEGAN)
    post.answers[HERE] = lambda _sent: Attempted(duration_ms=1, error="Odd \x00 words.")
    told(at=BEGAN)
    turns(delivering, 4)
    told(at=BEGAN)
    turns(delivering, 10)
    assert len(post.seconds(url=THERE)) == 2


def test_no_outcome_is_forgotten_when_postgresql_goes_away_in_between(delivering, post, monkeypatch) -> None:
    subscriptions = [subscribed(url, now=BEGAN) for url in (HERE, THERE)]
    told(at=BEGAN)
    delivering.deliverer.turn()
    real, asked = module.record, []

    def failing(outcomes: Any, **named: Any) -> Any:
        asked.append(len(outcomes))
        if len(outcomes) == 2:
            raise DataError("one of them cannot be stored")
        if len(asked) == 3:
            raise OperationalError("server closed the connection unexpectedly")
        return real(outcomes, **named)

    with monkeypatch.context() as patched:
        patched.setattr(module, "record", failing)
        with pytest.raises(OperationalError):
            delivering.deliverer.turn()
    delivering.deliverer.turn()
    assert [only(each).status for each in subscriptions] == ["delivered"] * 2
    assert len(post.sent) == 2


@pytest.mark.parametrize("rows", [FanOut.objects.all(), Subscription.objects.filter(url=HERE)])
def test_one_that_stands_still_in_a_transaction_does_not_stop_what_is_due(delivering, post, rows) -> None:
    """As one stopped with SIGSTOP in its fan-out does, or in a change of one webhook, until the server ends it."""
    subscribed(HERE, now=BEGAN)
    subscribed(THERE, now=BEGAN)
    told(at=BEGAN)
    fan_out(now=BEGAN)
    told(at=BEGAN)
    held, let_go = threading.Event(), threading.Event()

    def stand_still() -> None:
        with transaction.atomic():
            list(rows.select_for_update())
            held.set()
            let_go.wait(30)
        connections.close_all()

    def turn() -> None:
        turns(delivering, 1)
        connections.close_all()

    still, turning = threading.Thread(target=stand_still), threading.Thread(target=turn)
    still.start()
    held.wait(10)
    turning.start()
    turning.join(8)
    sent = len(post.seconds(url=THERE))
    let_go.set()
    still.join(), turning.join()
    assert sent == 1


@contextmanager
def failing_once(fragment: str) -> Iterator[None]:
    """The next statement with these words meets a PostgreSQL that has just gone away."""
    left = [fragment]

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if left and left[0] in sql:
            left.clear()
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


def test_what_was_taken_when_postgresql_went_away_is_sent_later(delivering, post, clock) -> None:
    subscription = subscribed(HERE, now=BEGAN)
    told(at=BEGAN)
    fan_out(now=BEGAN)
    with failing_once('FROM "outbox_outboxevent"'), pytest.raises(OperationalError):
        delivering.deliverer.turn()
    for second in range(5, 120, 5):
        clock.passed = second
        delivering.deliverer._keep_due = 0.0
        turns(delivering, 2)
    assert only(subscription).status == "delivered"


@pytest.mark.parametrize("threads", [1, 3])
def test_with_few_threads_what_failed_is_tried_again_too(post, clock, threads) -> None:
    subscribed(HERE, now=BEGAN)
    post.answers[HERE] = answering(500)
    told(at=BEGAN)
    delivering = Delivering(post, clock, most=threads)
    turns(delivering, 4)
    clock.passed = 60
    turns(delivering, 4)
    assert post.seconds() == [0, 60]


def test_a_thread_that_cannot_be_started_is_not_counted(monkeypatch) -> None:
    crew: Crew[int, int] = Crew(lambda job: job, most=40, told=lambda: None)
    for job in range(40):
        crew.give(job)
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", lambda _thread: (_ for _ in ()).throw(RuntimeError("can't start")))
        with suppress(RuntimeError):
            crew.staff()
    crew.staff()
    done: list[int] = []
    end = time.monotonic() + 5
    while len(done) < 40 and time.monotonic() < end:
        done += crew.done()
        time.sleep(0.01)
    assert len(done) == 40


def test_a_tick_starts_the_deciding_thread_again_when_the_listening_one_lives(post, monkeypatch) -> None:
    deliverer = Deliverer()
    with monkeypatch.context() as broken:
        broken.setattr(deliverer, "turn", lambda: 1 / 0)
        broken.setattr(module.log, "exception", lambda *_args, **_named: (_ for _ in ()).throw(BrokenPipeError()))
        broken.setattr(threading, "excepthook", lambda _args: None)
        deliverer.wake()
        deliverer._threads["deliverer"].join(10)
        assert not deliverer._threads["deliverer"].is_alive()
    deliverer.wake()
    alive = deliverer._threads["deliverer"].is_alive()
    deliverer.end(seconds=5)
    assert alive


def test_a_settlement_is_due_when_its_publication_turns_out_to_have_arrived(post, clock) -> None:
    """A deliverer that stood still knows that it arrived; another, who has had the lane since, saw it fail."""
    subscription = subscribed(HERE, now=BEGAN)
    published = told(at=BEGAN)
    settled = told(SETTLED, pick=published.subject_id, at=BEGAN)
    still = Delivering(post, clock)
    still.deliverer.turn()
    clock.passed = HOLD_SECONDS + 1
    post.answers[HERE] = answering(500)
    other = Delivering(post, clock)
    other.now()
    post.answers[HERE] = ok
    clock.passed = HOLD_SECONDS + 2
    for lane in still.deliverer.lanes.values():
        lane.good_until = 0.0
    turns(still, 4)
    turns(other, 4)
    assert only_of(subscription, published).status == "delivered"
    assert post.seconds(event=settled) == [HOLD_SECONDS + 2]


def only_of(subscription: Subscription, event: OutboxEvent) -> Delivery:
    return Delivery.objects.get(subscription=subscription, event_id=event.id)


def test_a_publication_expires_at_kickoff_also_where_that_was_asked_for_later(delivering, post, clock) -> None:
    subscription = subscribed(HERE, now=BEGAN)
    post.answers[HERE] = lambda sent: (ok if sent.event == SETTLED else answering(500))(sent)
    published = told(kickoff="2026-05-25T09:10:00Z", at=BEGAN)
    settled = told(SETTLED, pick=published.subject_id, at=BEGAN)
    delivering.until(400)  # the next attempt is due at 2,160
    change_subscription(subscription_id=subscription.pk, expire_at_kickoff=True, now=clock())
    delivering.until(1_000)
    assert only_of(subscription, published).status == "expired"
    assert post.seconds(event=settled) == [600]


def test_one_that_may_be_late_after_all_is_sent_by_the_schedule(delivering, post, clock) -> None:
    subscription = subscribed(HERE, now=BEGAN, expire_at_kickoff=True)
    post.answers[HERE] = answering(500)
    told(kickoff="2026-05-25T09:10:00Z", at=BEGAN)
    delivering.until(400)
    change_subscription(subscription_id=subscription.pk, expire_at_kickoff=False, now=clock())
    delivering.until(3_000)
    assert post.seconds() == [0, 60, 360, 2_160]


def test_those_that_drag_keep_to_their_share_while_they_have_a_queue(post, clock) -> None:
    for number in range(20):
        subscription = subscribed(f"https://dead.example.test/{number}", now=BEGAN)
        post.answers[subscription.url] = lambda _sent: Attempted(duration_ms=10_000, error="No answer came.")
    for _ in range(5):
        told(at=BEGAN)
    delivering = Delivering(post, clock, most=16)
    delivering.deliverer.turn()  # of these nothing is known yet
    assert len(post.sent) == 16
    delivering.deliverer.turn()
    flying = sum(len(lane.flying) for lane in delivering.deliverer.lanes.values() if lane.drags)
    assert flying == 4


def test_much_to_fan_out_does_not_stop_what_is_due(delivering, post, clock, monkeypatch) -> None:
    """Events that come as quickly as they are fanned out."""
    subscribed(HERE, now=BEGAN)
    told(at=BEGAN)
    real, batches = fanning._some, []

    def some(*, now: datetime) -> int:
        batches.append(len(post.sent))
        made = real(now=now)
        if len(batches) < 30:
            told(at=BEGAN)
        return made

    monkeypatch.setattr(fanning, "_some", some)
    turns(delivering, 40)
    assert batches[20] > 0


def test_lanes_of_a_long_turn_are_held_for_their_whole_time(post, clock, monkeypatch) -> None:
    subscribed(HERE, now=BEGAN)
    told(at=BEGAN)
    slow = Delivering(post, clock)
    real = module.fan_out

    def slowly(*, now: datetime) -> int:
        made = real(now=now)
        clock.passed += HOLD_SECONDS + 1
        return made

    with monkeypatch.context() as loaded:
        loaded.setattr(module, "fan_out", slowly)
        slow.deliverer.turn()  # its attempt is under way
    Delivering(post, clock).deliverer.turn()
    assert len(post.sent) == 1


def test_lanes_that_were_claimed_for_nothing_keep_their_place(post, clock) -> None:
    key = ApiKeyFactory(tier="growth")
    for number in range(12):
        subscribed(f"https://some.example.test/{number}", key=key, now=BEGAN, drags=number >= 8)
    told(at=BEGAN)
    delivering = Delivering(post, clock, most=8)
    delivering.deliverer.turn()
    served = {sent.url for sent in post.sent}
    waiting = Subscription.objects.filter(due_at__isnull=False).exclude(url__in=served)
    assert waiting.filter(held_until__isnull=False).count() == 0


def test_an_answer_of_the_url_before_does_not_pause_the_new_one(delivering, post, clock) -> None:
    subscription = subscribed(HERE, now=BEGAN)
    post.answers[HERE] = answering(410)
    told(at=BEGAN)
    delivering.deliverer.turn()  # under way
    Subscription.objects.filter(pk=subscription.pk).update(url=THERE, compared_url=THERE)  # as PATCH does
    delivering.now()
    subscription.refresh_from_db()
    assert subscription.status == "active"


def test_new_weeks_are_made_while_somebody_reads_long_and_nobody_waits() -> None:
    """As a backup reads: one transaction over everything."""
    week = datetime(2033, 5, 23, tzinfo=UTC)
    subscribed(HERE, now=BEGAN)
    told(at=BEGAN)
    reading, let_go = threading.Event(), threading.Event()

    def read_long() -> None:
        with transaction.atomic():
            Delivery.objects.count()
            reading.set()
            let_go.wait(20)
        connections.close_all()

    def make() -> None:
        with suppress(OperationalError):
            make_weeks([week])
        connections.close_all()

    reader, maker = threading.Thread(target=read_long), threading.Thread(target=make)
    reader.start()
    reading.wait(10)
    maker.start()
    maker.join(1)
    other = threading.Thread(target=lambda: (Delivery.objects.count(), connections.close_all()))
    other.start()
    other.join(6)
    waits = other.is_alive()
    let_go.set()
    for thread in (reader, maker, other):
        thread.join()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE webhooks_delivery_20330523, webhooks_attempt_20330523")
    assert not waits


def test_what_somebody_is_changing_just_now_is_recorded_later_and_nobody_waits(delivering, post) -> None:
    subscription, other = subscribed(HERE, now=BEGAN), subscribed(THERE, now=BEGAN)
    told(at=BEGAN)
    delivering.deliverer.turn()
    changing, let_go = threading.Event(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            hold(subscription.pk)
            changing.set()
            let_go.wait(20)
        connections.close_all()

    thread = threading.Thread(target=change)
    thread.start()
    assert changing.wait(10)
    delivering.deliverer.turn()
    assert (only(other).status, only(subscription).status) == ("delivered", "pending")
    let_go.set()
    thread.join()
    delivering.deliverer.turn()
    assert only(subscription).status == "delivered"
    assert len(post.sent) == 2
