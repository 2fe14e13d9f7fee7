"""Subscriptions as their services leave them: from when on, signed with what, stopped, begun again, sent again."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.core.sealing import unseal
from apps.outbox.models import PUBLISHED, SETTLED, InvalidEvents
from apps.webhooks import deliverer as module
from apps.webhooks import services
from apps.webhooks.fan_out import fan_out
from apps.webhooks.models import Delivery, Reason, Standing, State, Subscription
from apps.webhooks.services import (
    PREVIOUS_VALID,
    Busy,
    DuplicateUrl,
    NotSent,
    change_subscription,
    create_subscription,
    delete_subscription,
    enable_subscription,
    previous_secret,
    read_events,
    redeliver,
    rotate_secret,
    send_test,
)
from apps.webhooks.signing import signature
from apps.webhooks.urls import InvalidUrl
from tests.factories import ApiKeyFactory
from tests.together import at_once
from tests.webhooks.delivering import Clock, Delivering, Post, answering, subscribed, told
from tests.webhooks.rows import delivery_of

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 5, 25, 9, tzinfo=UTC)
LITERAL = "https://93.184.215.14/hook"  # nothing to look up
SECONDS = timedelta(seconds=1)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    post = Post(Clock(NOW))
    monkeypatch.setattr(module, "sender", lambda: post)
    monkeypatch.setattr("apps.webhooks.services.sender", lambda: post)
    return post


@pytest.fixture
def delivering(post: Post) -> Delivering:
    return Delivering(post, post.clock)


def test_one_is_told_of_what_happens_after_it_was_made() -> None:
    told(at=NOW)
    subscription, _ = create_subscription(key=ApiKeyFactory(), url=LITERAL, events=[PUBLISHED], now=NOW)
    after = told(at=NOW)
    told(SETTLED, at=NOW)
    fan_out(now=NOW)
    assert [each.event_id for each in Delivery.objects.filter(subscription=subscription)] == [after.id]


def test_its_secret_is_kept_encrypted_only() -> None:
    subscription, secret = create_subscription(key=ApiKeyFactory(), url=LITERAL, events=[PUBLISHED], now=NOW)
    row = Subscription.objects.filter(pk=subscription.pk).values().get()
    assert secret not in str(row)
    assert unseal(row["sealed_secret"]) == secret


def test_what_is_refused_leaves_no_row() -> None:
    key = ApiKeyFactory()
    for url, events, error in [("https://10.0.0.1/", [PUBLISHED], InvalidUrl), (LITERAL, [], InvalidEvents)]:
        with pytest.raises(error):
            create_subscription(key=key, url=url, events=events, now=NOW)
    assert not Subscription.objects.exists()


def test_events_are_folded_and_put_in_our_order() -> None:
    assert read_events([SETTLED, PUBLISHED, SETTLED]) == [PUBLISHED, SETTLED]
    for wrong in ([], ["test"], [PUBLISHED, ""]):
        with pytest.raises(InvalidEvents):
            read_events(wrong)


def test_a_deleted_ones_url_is_free_and_a_stopped_ones_is_not() -> None:
    key = ApiKeyFactory()
    first, _ = create_subscription(key=key, url=LITERAL, events=[PUBLISHED], now=NOW)
    change_subscription(subscription_id=first.pk, paused=True, now=NOW)
    with pytest.raises(DuplicateUrl):
        create_subscription(key=key, url=LITERAL, events=[PUBLISHED], now=NOW)
    delete_subscription(subscription_id=first.pk, now=NOW)
    create_subscription(key=key, url=LITERAL, events=[PUBLISHED], now=NOW)
    for service in (delete_subscription, rotate_secret, enable_subscription, change_subscription, send_test):
        with pytest.raises(Subscription.DoesNotExist):
            service(subscription_id=first.pk, now=NOW)


def test_two_changes_to_the_same_url_at_once_leave_one_with_it() -> None:
    key = ApiKeyFactory()
    made = [create_subscription(key=key, url=f"{LITERAL}/{n}", events=[PUBLISHED], now=NOW)[0] for n in range(2)]

    def change(subscription: Subscription) -> Subscription:
        return change_subscription(subscription_id=subscription.pk, url=LITERAL, now=NOW)

    results = at_once(*(lambda each=each: change(each) for each in made))
    assert sorted(type(result).__name__ for result in results) == ["DuplicateUrl", "Subscription"]


def test_pausing_and_going_on_leave_an_exhausted_one_exhausted() -> None:
    subscription = subscribed(now=NOW, status=Standing.EXHAUSTED, stopped_at=NOW)
    for paused in (True, False):
        change_subscription(subscription_id=subscription.pk, paused=paused, now=NOW + SECONDS)
        subscription.refresh_from_db()
        assert (subscription.status, subscription.stopped_at) == (Standing.EXHAUSTED, NOW)


def test_what_a_paused_one_misses_is_in_its_log_and_is_never_sent(post, delivering) -> None:
    subscription = subscribed(now=NOW)
    change_subscription(subscription_id=subscription.pk, paused=True, now=NOW)
    missed = told(at=NOW)
    delivering.now()
    change_subscription(subscription_id=subscription.pk, paused=False, now=NOW)
    after = told(at=NOW)
    delivering.until(3_600)
    assert [sent.event_id for sent in post.sent] == [str(after.id)]
    row = Delivery.objects.get(event_id=missed.id)
    assert (row.status, row.reason) == (State.CANCELLED, Reason.PAUSED)


def test_the_old_secret_signs_beside_the_new_one_for_a_day_and_no_longer(post, delivering) -> None:
    subscription = subscribed(now=NOW)
    old = unseal(subscription.sealed_secret)
    rotated, new = rotate_secret(subscription_id=subscription.pk, now=NOW)
    assert rotated.previous_until == NOW + PREVIOUS_VALID
    for second, valid in [(0, [new, old]), (86_399, [new, old]), (86_400, [new])]:
        told(at=NOW + second * SECONDS)
        post.clock.passed = second
        delivering.now()
        sent = post.sent[-1]
        given = [sent.headers.get(f"X-BetEdge-Signature{which}") for which in ("", "-Previous")]
        assert [each for each in given if each] == [signature(sent.body, secret) for secret in valid]
        assert len(sent.headers["webhook-signature"].split()) == len(valid)


def test_a_third_secret_ends_the_first_at_once() -> None:
    subscription = subscribed(now=NOW)
    _, second = rotate_secret(subscription_id=subscription.pk, now=NOW)
    rotated, third = rotate_secret(subscription_id=subscription.pk, now=NOW + SECONDS)
    assert unseal(rotated.sealed_secret) == third
    assert previous_secret(rotated, now=NOW + SECONDS) == second


def test_an_exhausted_one_that_is_enabled_is_sent_what_it_missed_in_order_per_pick(post, delivering) -> None:
    subscription = subscribed(now=NOW)
    post.answers[subscription.url] = answering(500)
    published = told(at=NOW)
    delivering.until(60_000)
    settled = told(SETTLED, pick=published.subject_id, at=NOW + 60_000 * SECONDS)
    delivering.until(60_001)
    subscription.refresh_from_db()
    assert subscription.status == Standing.EXHAUSTED
    post.answers.clear()
    post.sent.clear()
    enabled, resent = enable_subscription(subscription_id=subscription.pk, now=post.clock())
    assert (enabled.status, enabled.mail_due_at, resent) == (Standing.ACTIVE, None, 2)
    delivering.until(60_100)
    assert [sent.event_id for sent in post.sent] == [str(published.id), str(settled.id)]
    assert set(Delivery.objects.values_list("status", flat=True)) == {State.DELIVERED}


def test_what_is_sent_again_by_hand_is_sent_after_kick_off_too(post, delivering) -> None:
    subscription = subscribed(now=NOW, expire_at_kickoff=True)
    kickoff = NOW - SECONDS
    told(kickoff=kickoff.isoformat(), at=NOW)
    delivering.now()
    late = Delivery.objects.get()
    assert (late.status, post.sent) == (State.EXPIRED, [])
    redeliver(subscription_id=subscription.pk, delivery_id=late.pk, now=NOW)
    delivering.until(10)
    late.refresh_from_db()
    assert (late.status, len(post.sent)) == (State.DELIVERED, 1)


def test_nothing_is_sent_again_to_one_that_is_stopped_nor_through_another() -> None:
    subscription, other = subscribed(now=NOW), subscribed(now=NOW)
    delivery = delivery_of(subscription, at=NOW, status=State.FAILED)
    with pytest.raises(Delivery.DoesNotExist):
        redeliver(subscription_id=other.pk, delivery_id=delivery.pk, now=NOW)
    change_subscription(subscription_id=subscription.pk, paused=True, now=NOW)
    with pytest.raises(NotSent):
        redeliver(subscription_id=subscription.pk, delivery_id=delivery.pk, now=NOW)


def test_one_test_at_a_time_and_the_next_one_whatever_became_of_it(post, monkeypatch) -> None:
    subscription = subscribed(now=NOW)
    with services._testing(subscription.key.organization_id), pytest.raises(Busy):
        send_test(subscription_id=subscription.pk, now=NOW)
    with services._testing(uuid4()), services._testing(uuid4()), pytest.raises(Busy):
        send_test(subscription_id=subscription.pk, now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(post, "send", lambda *_asked, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send_test(subscription_id=subscription.pk, now=NOW)
    tested = send_test(subscription_id=subscription.pk, now=NOW)
    assert Delivery.objects.get().pk == tested.delivery_id
