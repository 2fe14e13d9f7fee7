"""When deliveries are sent again, and when no more: by a clock that the test moves."""

from datetime import timedelta
from itertools import pairwise

import pytest

from apps.outbox.models import SETTLED
from apps.webhooks.models import Attempt, Delivery, Subscription
from apps.webhooks.schedule import coming_attempts
from apps.webhooks.services import change_subscription, enable_subscription, redeliver
from tests.webhooks.delivering import BEGAN, Clock, Delivering, Post, answering, ok, only, subscribed, told

pytestmark = pytest.mark.django_db(transaction=True)

SCHEDULE = [0, 60, 360, 2_160, 9_360, 52_560]
DAY = 86_400.0


@pytest.fixture
def delivering(post: Post, clock: Clock) -> Delivering:
    return Delivering(post, clock)


def test_one_that_always_fails_is_sent_six_times_and_then_nothing_is(delivering, post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(500)
    event = told(at=BEGAN)
    delivering.until(3 * DAY)
    assert post.seconds(event=event) == SCHEDULE
    subscription.refresh_from_db()
    assert (subscription.status, subscription.stopped_at) == ("exhausted", BEGAN + timedelta(seconds=52_560))
    assert subscription.mail_due_at is not None
    delivery = only(subscription)
    assert (delivery.status, delivery.reason, delivery.attempts) == ("failed", "exhausted", 6)
    assert [attempt.number for attempt in Attempt.objects.order_by("at")] == [1, 2, 3, 4, 5, 6]
    assert {sent.body for sent in post.sent} == {event.body.encode()}
    assert len({sent.delivery for sent in post.sent}) == 1
    assert subscription.last_failed_error == "Answered 500."

    later = told(at=clock())
    delivering.until(5 * DAY)
    assert post.seconds(event=later) == []
    missed = Delivery.objects.get(event_id=later.id)
    assert (missed.status, missed.reason) == ("cancelled", "exhausted")


def test_a_success_in_between_ends_it(delivering, post) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = lambda sent: (ok if sent.number == 4 else answering(503))(sent)
    event = told(at=BEGAN)
    delivering.until(3 * DAY)
    assert post.seconds(event=event) == SCHEDULE[:4]
    delivery = only(subscription)
    assert (delivery.status, delivery.attempts) == ("delivered", 4)
    subscription.refresh_from_db()
    assert (subscription.status, subscription.due_at) == ("active", None)
    assert subscription.last_delivery_at == delivery.delivered_at


def test_two_events_that_fail_at_once_stop_it_once_and_count_by_themselves(delivering, post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(500)
    first = told(at=BEGAN)
    delivering.until(100)
    second = told(at=clock())
    delivering.until(3 * DAY)
    assert post.seconds(event=first) == SCHEDULE
    assert post.seconds(event=second) == [100 + second for second in SCHEDULE[:5]]
    assert Delivery.objects.get(event_id=first.id).status == "failed"
    stopped = Delivery.objects.get(event_id=second.id)
    assert (stopped.status, stopped.reason, stopped.attempts) == ("cancelled", "exhausted", 5)


def test_enabled_again_it_is_sent_what_it_missed(delivering, post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(500)
    events = [told(at=BEGAN)]
    delivering.until(DAY)
    events += [told(at=clock()), told(at=clock())]
    delivering.until(DAY + 10)
    del post.answers[subscription.url], post.sent[:]

    enabled, resent = enable_subscription(subscription_id=subscription.pk, now=clock())
    assert (enabled.status, resent) == ("active", 3)
    delivering.until(2 * DAY)
    assert {sent.event_id for sent in post.sent} == {str(event.id) for event in events}
    assert sorted(sent.number for sent in post.sent) == [1, 1, 7]
    assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered"}
    assert enable_subscription(subscription_id=subscription.pk, now=clock())[1] == 0


def test_enabled_again_it_has_the_whole_schedule_before_it(delivering, post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(500)
    told(at=BEGAN)
    delivering.until(DAY)
    del post.sent[:]
    enable_subscription(subscription_id=subscription.pk, now=clock())
    delivering.until(3 * DAY)
    assert post.seconds() == [DAY + second for second in SCHEDULE]
    subscription.refresh_from_db()
    assert subscription.status == "exhausted"


def test_jitter_only_ever_adds(post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(500)
    told(at=BEGAN)
    Delivering(post, clock, jitter=0.1).until(3 * DAY)
    assert post.seconds() == [0, 66, 396, 2_376, 10_296, 57_816]


def test_what_is_gone_is_paused_at_once(delivering, post) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(410)
    told(at=BEGAN)
    told(at=BEGAN)
    delivering.until(DAY)
    assert post.seconds() == [0]
    subscription.refresh_from_db()
    assert (subscription.status, subscription.mail_due_at) == ("paused", None)
    found = sorted(Delivery.objects.values_list("status", "reason"))
    assert found == [("cancelled", "paused"), ("failed", "gone")]


@pytest.mark.parametrize(("asked", "second"), [(30, 60), (200, 200), (4_000, 300)])
def test_retry_after_lengthens_a_delay_to_the_following_one_at_most(delivering, post, asked, second) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(429, retry_after=asked)
    told(at=BEGAN)
    delivering.until(400)
    assert [round(at) for at in post.seconds()[:2]] == [0, second]


def test_the_last_delay_is_not_lengthened(delivering, post) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = lambda sent: answering(503, retry_after=DAY if sent.number == 5 else None)(sent)
    told(at=BEGAN)
    delivering.until(3 * DAY)
    assert post.seconds() == SCHEDULE


def test_what_is_stale_by_kickoff_expires_then(delivering, post) -> None:
    subscription = subscribed(now=BEGAN, expire_at_kickoff=True)
    post.answers[subscription.url] = answering(500)
    told(kickoff="2026-05-25T09:10:00Z", at=BEGAN)
    delivering.until(DAY)
    assert post.seconds() == SCHEDULE[:3]
    assert only(subscription).status == "expired"
    subscription.refresh_from_db()
    assert (subscription.status, subscription.due_at) == ("active", None)


def test_what_expired_may_be_asked_for_all_the_same(delivering, post, clock) -> None:
    subscription = subscribed(now=BEGAN, expire_at_kickoff=True)
    told(kickoff="2026-05-25T08:00:00Z", at=BEGAN)
    delivering.until(10)
    assert (post.sent, only(subscription).status) == ([], "expired")
    redeliver(subscription_id=subscription.pk, delivery_id=only(subscription).pk, now=clock())
    delivering.until(20)
    assert only(subscription).status == "delivered"


def test_a_settlement_waits_for_its_publication(delivering, post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = lambda sent: (ok if sent.number == 3 else answering(500))(sent)
    published = told(at=BEGAN)
    settled = told(SETTLED, pick=published.subject_id, at=BEGAN)
    other = told(SETTLED, at=BEGAN)
    delivering.until(DAY)
    assert post.seconds(event=published) == [0, 60, 360]
    assert post.seconds(event=settled) == [360, 420, 720]
    assert post.seconds(event=other) == [0, 60, 360]


@pytest.mark.parametrize("end", ["failed", "expired"])
def test_a_settlement_comes_after_a_publication_that_never_arrives(delivering, post, end) -> None:
    subscription = subscribed(now=BEGAN, expire_at_kickoff=end == "expired")
    post.answers[subscription.url] = lambda sent: (ok if sent.event == SETTLED else answering(500))(sent)
    published = told(kickoff="2026-05-25T09:01:30Z", at=BEGAN)
    settled = told(SETTLED, pick=published.subject_id, at=BEGAN)
    delivering.until(DAY)
    if end == "failed":
        assert post.seconds(event=settled) == []  # the subscription is exhausted by then
        enable_subscription(subscription_id=subscription.pk, now=delivering.clock())
        post.answers.clear()
        delivering.until(2 * DAY)
        assert [sent.event_id for sent in post.sent[-2:]] == [str(published.id), str(settled.id)]
    else:
        assert post.seconds(event=settled) == [90]


def test_a_paused_one_is_sent_nothing_and_misses_what_is_told(delivering, post, clock) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(500)
    told(at=BEGAN)
    delivering.until(10)
    change_subscription(subscription_id=subscription.pk, paused=True, now=clock())
    told(at=clock())
    delivering.until(DAY)
    assert post.seconds() == [0]
    assert set(Delivery.objects.values_list("status", "reason")) == {("cancelled", "paused")}
    change_subscription(subscription_id=subscription.pk, paused=False, now=clock())
    told(at=clock())
    delivering.until(DAY + 10)
    assert post.seconds() == [0, DAY]


@pytest.mark.parametrize(("end", "reason"), [("revoked", "key"), ("expired", "key"), ("lowered", "tier")])
def test_with_the_right_to_it_deliveries_end_and_the_log_says_so(delivering, post, clock, end, reason) -> None:
    subscription = subscribed(now=BEGAN)
    post.answers[subscription.url] = answering(500)
    told(at=BEGAN)
    delivering.until(10)
    key = subscription.key
    if end == "lowered":
        key.organization.tier = "starter"
        key.organization.save()
    else:
        setattr(key, f"{end}_at" if end == "revoked" else "expires_at", clock())
        key.save()
    told(at=clock())
    delivering.until(DAY)
    assert post.seconds() == [0]
    assert list(Delivery.objects.values_list("status", "reason")) == [("cancelled", reason)] * 2


def test_only_subscriptions_to_its_type_hear_of_an_event_and_none_of_what_was_before(delivering, post, clock) -> None:
    before = told(at=BEGAN)
    one = subscribed("https://a.example.test/", events=("pick.settled",), now=BEGAN, begins_after=before.sequence)
    two = subscribed("https://b.example.test/", now=BEGAN, begins_after=before.sequence)
    published = told(at=BEGAN)
    settled = told(SETTLED, at=BEGAN)
    delivering.until(1)
    assert [sent.event_id for sent in post.sent if sent.url == one.url] == [str(settled.id)]
    assert {sent.event_id for sent in post.sent if sent.url == two.url} == {str(published.id), str(settled.id)}
    assert Subscription.objects.filter(due_at__isnull=False).count() == 0


@pytest.mark.parametrize("failures", range(6))
def test_what_comes_is_the_rest_of_the_schedule(failures: int) -> None:
    delays = [after - before for before, after in pairwise(SCHEDULE)]
    due_at = BEGAN + timedelta(seconds=SCHEDULE[failures])
    coming = coming_attempts(failures=failures, due_at=due_at, delays=delays)
    assert [(at - BEGAN).total_seconds() for at in coming] == SCHEDULE[failures:]
