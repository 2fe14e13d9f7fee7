"""Deliverers at work: with threads and real receivers, two at once, killed, standing still, and with many to serve."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.outbox.models import PUBLISHED, SETTLED
from apps.webhooks import deliverer as module
from apps.webhooks.crew import Crew
from apps.webhooks.deliverer import Deliverer
from apps.webhooks.fan_out import fan_out
from apps.webhooks.health import deliveries
from apps.webhooks.lanes import CAP, HOLD_SECONDS, claim
from apps.webhooks.models import Attempt, Delivery, Subscription
from apps.webhooks.services import redeliver
from tests.factories import ApiKeyFactory
from tests.streams import until as eventually
from tests.together import at_once
from tests.webhooks.conftest import HOST, URL
from tests.webhooks.delivering import BEGAN, Delivering, answering, only, subscribed, told
from tests.webhooks.receivers import OK, Request, hanging

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def running() -> Iterator[Callable[[], Deliverer]]:
    """Deliverers with threads, ended when the test is."""
    made: list[Deliverer] = []

    def run() -> Deliverer:
        made.append(Deliverer())
        made[-1].wake()
        return made[-1]

    yield run
    for each in made:
        each.end(seconds=15)


def test_what_is_told_arrives_signed_and_at_once(receivers, sender_to, running, monkeypatch) -> None:
    receiver = receivers()
    monkeypatch.setattr(module, "sender", lambda: sender_to(receiver))
    subscription = subscribed(URL, now=timezone.now())
    running()
    event = told(at=timezone.now())
    eventually(lambda: Delivery.objects.filter(status="delivered").count() == 1)
    (request,) = receiver.requests
    assert request.body == event.body.encode()
    assert request.headers["X-BetEdge-Event"] == PUBLISHED
    assert request.headers["X-BetEdge-Delivery"] == str(only(subscription).pk)
    (attempt,) = Attempt.objects.all()
    assert (attempt.address, attempt.status_code, attempt.error) == ("127.0.0.1", 200, "")
    eventually(lambda: Subscription.objects.get().last_delivery_at is not None)
    subscription.refresh_from_db()
    assert (subscription.holder, subscription.due_at) == (None, None)


def test_receivers_that_hang_delay_nobody_else(receivers, sender_to, running, monkeypatch) -> None:
    def behave(tls: Any, request: Request) -> None:
        (hanging if "/hang" in request.line else OK)(tls, request)

    receiver = receivers(behave)
    sender = sender_to(receiver, deadline=30.0)
    monkeypatch.setattr(module, "sender", lambda: sender)
    key, now = ApiKeyFactory(tier="growth"), timezone.now()
    for number in range(40):
        subscribed(f"https://{HOST}:8443/hang/{number}", key=key, now=now)
    for number in range(20):
        subscribed(f"https://{HOST}:8443/ok/{number}", key=key, now=now)
    deliverer = running()
    for _ in range(5):
        told(at=timezone.now())
    eventually(lambda: Delivery.objects.filter(status="delivered").count() == 100, seconds=20)
    assert Counter("/hang" in request.line for request in receiver.requests) == {False: 100, True: 40}
    receiver.close()  # so that the end need not wait for them
    deliverer.end(seconds=15)


def test_deliverers_at_once_send_each_delivery_once(receivers, sender_to, running, monkeypatch) -> None:
    receiver = receivers()
    sender = sender_to(receiver)
    monkeypatch.setattr(module, "sender", lambda: sender)
    key, now = ApiKeyFactory(tier="growth"), timezone.now()
    for number in range(30):
        subscribed(f"https://{HOST}:8443/{number}", key=key, now=now)
    running(), running(), running()
    for _ in range(10):
        told(at=timezone.now())
    eventually(lambda: Delivery.objects.filter(status="delivered").count() == 300, seconds=30)
    assert len(receiver.requests) == 300
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_fanning_out_at_once_makes_each_delivery_once(post) -> None:
    for number in range(5):
        subscribed(f"https://{HOST}:8443/{number}", now=BEGAN)
    for _ in range(20):
        told(at=BEGAN)

    assert sum(at_once(*[lambda: fan_out(now=BEGAN)] * 4)) == 100
    assert Delivery.objects.count() == 100
    assert fan_out(now=BEGAN) == 0


def test_what_a_killed_deliverer_had_in_hand_is_sent_when_its_time_is_up(post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    told(at=BEGAN)
    fan_out(now=BEGAN)
    (lane,) = claim(holder=uuid4(), most=10, dragging=False, now=BEGAN)  # and then it was killed
    assert lane.id == subscription.pk
    delivering = Delivering(post, clock)
    clock.passed = HOLD_SECONDS - 1
    delivering.deliverer.turn()
    assert post.sent == []
    clock.passed = HOLD_SECONDS
    delivering.now()
    assert [sent.number for sent in post.sent] == [1]
    assert only(subscription).status == "delivered"


def test_one_that_stood_still_sends_nothing_that_is_in_other_hands(post, clock, monkeypatch) -> None:
    subscribed(now=BEGAN)
    told(at=BEGAN)
    still = Delivering(post, clock)
    monkeypatch.setattr(still.deliverer.crew, "give", lambda due: given.append(due))
    given: list[Any] = []
    still.deliverer.turn()
    (due,) = given
    due.lane.good_until = time.monotonic() - 1
    assert still.deliverer.attempt(due).attempted is None
    assert post.sent == []


def test_an_outcome_that_comes_late_changes_nothing_but_for_what_arrived(post, clock) -> None:
    """Two deliverers sent the same one; the second one's outcome is known first."""
    subscription = subscribed(now=BEGAN)
    told(at=BEGAN)
    slow = Delivering(post, clock)
    slow.deliverer.turn()
    Subscription.objects.update(held_until=None)
    post.answers[subscription.url] = answering(500)
    Delivering(post, clock).now()
    assert (only(subscription).status, only(subscription).failures) == ("pending", 1)
    slow.deliverer.turn()
    assert (only(subscription).status, only(subscription).attempts) == ("delivered", 1)
    assert subscription.deliveries.count() == 1


def test_a_failure_that_comes_late_is_not_counted_twice(post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(500)
    told(at=BEGAN)
    slow = Delivering(post, clock)
    slow.deliverer.turn()
    Subscription.objects.update(held_until=None)
    Delivering(post, clock).now()
    due_at = only(subscription).due_at
    slow.deliverer.turn()
    assert (only(subscription).failures, only(subscription).due_at) == (1, due_at)


def test_one_asked_for_again_while_it_is_under_way_is_sent_again(post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    told(at=BEGAN)
    delivering = Delivering(post, clock)
    post.answers[subscription.url] = answering(500)
    delivering.until(2_159)  # three failures
    clock.passed = 2_160
    delivering.deliverer._sweep_due = 0
    delivering.deliverer.turn()  # the fourth is under way
    redeliver(subscription_id=subscription.pk, delivery_id=only(subscription).pk, now=clock())
    del post.answers[subscription.url]
    delivering.now()
    assert [sent.number for sent in post.sent] == [1, 2, 3, 4, 5]
    assert only(subscription).status == "delivered"


def test_nobody_is_always_the_first(post, clock) -> None:
    key = ApiKeyFactory(tier="growth")
    for number in range(30):
        subscribed(f"https://{HOST}:8443/{number}", key=key, now=BEGAN)
    delivering = Delivering(post, clock)
    for _ in range(8):
        told(at=BEGAN)
        delivering.now()
    orders = [[sent.url for sent in post.sent[at : at + 30]] for at in range(0, 240, 30)]
    assert all(sorted(order) == sorted(orders[0]) for order in orders)
    assert len({order[0] for order in orders}) > 1
    assert len({tuple(order) for order in orders}) == 8


def test_everyone_has_one_before_anyone_has_two(post, clock) -> None:
    key = ApiKeyFactory(tier="growth")
    for number in range(40):
        subscribed(f"https://{HOST}:8443/{number}", key=key, now=BEGAN)
    for _ in range(5):
        told(at=BEGAN)
    Delivering(post, clock, most=10).now()
    assert len(post.sent) == 200
    assert len({sent.url for sent in post.sent[:40]}) == 40


def test_a_receiver_that_answers_well_has_more_at_once_and_one_that_fails_has_one(post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    for _ in range(60):
        told(at=BEGAN)
    delivering = Delivering(post, clock)
    sizes = []
    while not sizes or sizes[-1]:
        before = len(post.sent)
        delivering.deliverer.turn()
        sizes.append(len(post.sent) - before)
    assert sizes[:4] == [1, 2, 4, CAP]
    assert max(sizes) == CAP
    post.answers[subscription.url] = answering(500)
    for _ in range(4):
        told(at=BEGAN)
    sizes = []
    for _ in range(4):
        before = len(post.sent)
        delivering.deliverer.turn()
        sizes.append(len(post.sent) - before)
    assert sizes == [1, 1, 1, 1]


def test_what_fails_in_a_turn_is_done_by_a_later_one(post, clock, monkeypatch) -> None:
    subscription = subscribed(now=BEGAN)
    told(at=BEGAN)
    delivering = Delivering(post, clock)
    delivering.deliverer.turn()
    with monkeypatch.context() as broken:
        broken.setattr(module, "record", lambda *_args, **_named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            delivering.deliverer.turn()
    delivering.now()
    assert (only(subscription).status, len(post.sent)) == ("delivered", 1)


def test_one_that_is_asked_to_end_finishes_what_it_has_and_takes_up_nothing(post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    first = told(at=BEGAN)
    delivering = Delivering(post, clock)
    delivering.deliverer.turn()
    delivering.deliverer.end()
    second = told(at=BEGAN)
    delivering.deliverer.turn()
    assert [sent.event_id for sent in post.sent] == [str(first.id)]
    stand = dict(subscription.deliveries.values_list("event_id", "status"))
    assert stand == {first.id: "delivered", second.id: "pending"}
    assert delivering.deliverer.lanes == {}


def test_a_fault_of_ours_is_an_attempt_that_failed(post, clock, monkeypatch) -> None:
    subscription = subscribed(now=BEGAN)
    told(at=BEGAN)
    post.answers[subscription.url] = lambda _sent: 1 / 0
    Delivering(post, clock).now()
    (attempt,) = Attempt.objects.all()
    assert attempt.error.startswith("The attempt failed on our side")
    assert only(subscription).status == "pending"


def test_what_receivers_say_can_be_stored_whatever_it_is(receivers, sender_to, running, monkeypatch) -> None:
    def behave(tls: Any, _request: Request) -> None:
        body = b"\x00\xff\xed\xa0\x80\r\n\x1b[31m" + "\u202e".encode()
        tls.sendall(b"HTTP/1.1 500 \x00\xff\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    receiver = receivers(behave)
    monkeypatch.setattr(module, "sender", lambda: sender_to(receiver))
    subscribed(URL, now=timezone.now())
    running()
    told(at=timezone.now())
    eventually(lambda: Attempt.objects.count() == 1)
    assert "\x00" not in Attempt.objects.get().response_body


def test_settlements_and_corrections_of_a_pick_come_in_order(receivers, sender_to, running, monkeypatch) -> None:
    receiver = receivers()
    sender = sender_to(receiver)
    monkeypatch.setattr(module, "sender", lambda: sender)
    subscribed(URL, now=timezone.now())
    running()
    picks = [uuid4() for _ in range(20)]
    sequences = [told(event, pick=pick, at=timezone.now()) for event in (PUBLISHED, SETTLED, SETTLED) for pick in picks]
    eventually(lambda: Delivery.objects.filter(status="delivered").count() == 60, seconds=30)
    order = [request.headers["webhook-id"] for request in receiver.requests]
    for pick in picks:
        of_pick = [str(event.id) for event in sequences if event.subject_id == pick]
        assert [each for each in order if each in of_pick] == of_pick


def test_health_tells_of_deliveries_that_nobody_takes_up(post, clock) -> None:
    assert deliveries() == ("ok", "Nothing waits.")
    subscription = subscribed(now=timezone.now())
    told(at=timezone.now() - timedelta(minutes=2))
    assert deliveries()[0] == "degraded"
    fan_out(now=timezone.now() - timedelta(minutes=2))
    assert deliveries()[0] == "degraded"
    Subscription.objects.update(drags=True)
    assert deliveries()[0] == "ok"
    assert subscription.pk


def test_a_crew_grows_with_those_that_wait_and_shrinks_again() -> None:
    gate, told_of = threading.Event(), threading.Semaphore(0)
    crew: Crew[int, int] = Crew(lambda job: gate.wait(30) and job, most=60, told=told_of.release)
    for job in range(60):
        crew.give(job)
    assert crew.room == 0

    def all_begun() -> bool:
        crew.staff()
        return len(crew._began) == 60

    eventually(all_begun)
    gate.set()
    for _ in range(60):
        assert told_of.acquire(timeout=10)
    assert sorted(crew.done()) == list(range(60))
    assert crew.room == 60
    crew.staff()
    for job in range(60):  # those that are one too many find out when they have done one more
        crew.give(job)
    for _ in range(60):
        assert told_of.acquire(timeout=10)
    eventually(lambda: crew._threads == 32)
