"""Every write to a subscription and, by hand, to its deliveries."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from apps.access.models import ApiKey
from apps.accounts.audit import SYSTEM, Actor, record
from apps.core.errors import AppError
from apps.core.sealing import seal, unseal
from apps.core.times import rfc3339
from apps.outbox.models import TYPES, InvalidEvents
from apps.outbox.queries import last_sequence
from apps.webhooks.installed import guard, sender
from apps.webhooks.models import MOST_SUBSCRIPTIONS, TEST, Attempt, Delivery, Reason, Standing, State, Subscription
from apps.webhooks.partitions import make_weeks
from apps.webhooks.queries import changeable, delivery_state, missed_by, secret_state, settings_state
from apps.webhooks.sender import Attempted
from apps.webhooks.signing import new_secret, signed_headers
from apps.webhooks.standing import cancel_stopped

PREVIOUS_VALID = timedelta(hours=24)
# Receivers and name servers are waited for in threads that serve requests, of which a process has four: two at most
# wait for either, and whoever comes then is told to come back.
MOST_AT_ONCE = 2
LOOK_UPS = BoundedSemaphore(MOST_AT_ONCE)
TESTING: set[UUID] = set()  # the organisations that have a test under way: one each
ASKING = Lock()


class DuplicateUrl(AppError):
    code = "duplicate_url"


class SubscriptionLimit(AppError):
    code = "subscription_limit"


class NotSent(AppError):
    code = "invalid_request"


class MadeAlready(AppError):
    """What somebody wants to make is there by that id: a form was sent twice."""

    code = "made_already"


class ChangedMeanwhile(AppError):
    """Somebody acts on what they saw, and it is so no more."""

    code = "changed_meanwhile"


class Busy(AppError):
    code = "service_unavailable"


@dataclass(frozen=True, slots=True)
class Tested:
    """A test's delivery, and what came of its one attempt."""

    delivery_id: UUID
    attempted: Attempted


def create_subscription(
    *,
    key: ApiKey,
    url: str,
    events: Sequence[str],
    expire_at_kickoff: bool = False,
    subscription_id: UUID | None = None,
    now: datetime,
    by: Actor = SYSTEM,
) -> tuple[Subscription, str]:
    """Subscribe a URL to events from now on; the subscription and its secret, which nothing shows again.

    subscription_id: its id, of whoever may ask twice for the same one. InvalidEvents; InvalidUrl, Busy (a look-up may
    take three seconds); MadeAlready; DuplicateUrl, then SubscriptionLimit. The key's row is locked meanwhile, so that
    calls at once cannot share its last place.
    """
    types = read_events(events)
    compared = _compared(url)
    secret = new_secret()
    with transaction.atomic():
        ApiKey.objects.select_for_update(no_key=True).get(pk=key.pk)
        if subscription_id and Subscription.objects.filter(pk=subscription_id).exists():
            raise MadeAlready("This webhook was created already; its secret was shown then.")
        mine = Subscription.objects.filter(key=key, deleted_at__isnull=True)
        _refuse_duplicate(mine.filter(compared_url=compared).first())
        if mine.count() >= MOST_SUBSCRIPTIONS:
            raise SubscriptionLimit(
                f"This key has {MOST_SUBSCRIPTIONS} webhooks, all that it may: delete one.", limit=MOST_SUBSCRIPTIONS
            )
        subscription = Subscription.objects.create(
            id=subscription_id or uuid4(),
            key=key,
            url=url,
            compared_url=compared,
            events=types,
            expire_at_kickoff=expire_at_kickoff,
            created_at=now,
            begins_after=last_sequence(),
            sealed_secret=seal(secret),
        )
        _tell(subscription, "created", by=by, now=now, events=types, expire_at_kickoff=expire_at_kickoff)
    return subscription, secret


def change_subscription(
    *,
    subscription_id: UUID,
    url: str | None = None,
    events: Sequence[str] | None = None,
    paused: bool | None = None,
    expire_at_kickoff: bool | None = None,
    seen: str | None = None,
    now: datetime,
    by: Actor = SYSTEM,
) -> Subscription:
    """Change what is given, all of it or nothing. InvalidUrl, InvalidEvents, DuplicateUrl; Subscription.DoesNotExist.

    seen: its settings_state as the asker knows it; ChangedMeanwhile where it is another.

    A paused one misses what is told meanwhile, and what it had pending. An exhausted one stays so: see
    enable_subscription.
    """
    types = None if events is None else read_events(events)
    compared = None if url is None else _compared(url)
    with transaction.atomic():
        subscription = hold(subscription_id)
        _refuse_changed(seen, settings_state(subscription))
        before = changeable(subscription)
        if url is not None and compared is not None:
            others = Subscription.objects.filter(key=subscription.key_id, deleted_at__isnull=True)
            ApiKey.objects.select_for_update(no_key=True).get(pk=subscription.key_id)
            _refuse_duplicate(others.filter(compared_url=compared).exclude(pk=subscription.pk).first())
            subscription.url, subscription.compared_url = url, compared
        subscription.events = types or subscription.events
        if expire_at_kickoff is not None:
            subscription.expire_at_kickoff = expire_at_kickoff
        _pause(subscription, paused, now=now)
        subscription.due_at = now if subscription.due_at else None  # what it has pending may be due sooner now
        subscription.save()
        cancel_stopped(now=now, only=[subscription.pk])
        changed = {name: [before[name], it] for name, it in changeable(subscription).items() if it != before[name]}
        if changed:
            _tell(subscription, "changed", by=by, now=now, changed=changed)
    return subscription


def delete_subscription(*, subscription_id: UUID, now: datetime, by: Actor = SYSTEM) -> None:
    """End it; what it has pending is not sent. Its log stays for us, its secret does not. Subscription.DoesNotExist."""
    with transaction.atomic():
        subscription = hold(subscription_id)
        subscription.deleted_at = now
        subscription.sealed_secret = subscription.sealed_previous = ""
        subscription.previous_until = None
        subscription.save()
        cancel_stopped(now=now, only=[subscription.pk])
        _tell(subscription, "deleted", by=by, now=now)


@transaction.atomic
def rotate_secret(
    *, subscription_id: UUID, seen: str | None = None, now: datetime, by: Actor = SYSTEM
) -> tuple[Subscription, str]:
    """Give it a new secret; the one before signs beside it for 24 hours. Subscription.DoesNotExist.

    seen: its secret_state as the asker knows it; ChangedMeanwhile where it is another.
    """
    subscription = hold(subscription_id)
    _refuse_changed(seen, secret_state(subscription))
    secret = new_secret()
    subscription.sealed_previous, subscription.sealed_secret = subscription.sealed_secret, seal(secret)
    subscription.previous_until = now + PREVIOUS_VALID
    subscription.save()
    _tell(subscription, "secret_rotated", by=by, now=now)
    return subscription, secret


@transaction.atomic
def enable_subscription(*, subscription_id: UUID, now: datetime, by: Actor = SYSTEM) -> tuple[Subscription, int]:
    """Make it active, and send again what it missed while it was exhausted; how many that is.

    What a paused one missed is not sent. Subscription.DoesNotExist.
    """
    subscription, resent = hold(subscription_id), 0
    if subscription.status == Standing.EXHAUSTED:
        resent = missed_by(subscription).update(status=State.PENDING, reason=Reason.NONE, due_at=now, failures=0)
    if subscription.status != Standing.ACTIVE:
        _tell(subscription, "enabled", by=by, now=now, resent=resent)
    subscription.status, subscription.stopped_at, subscription.mail_due_at = Standing.ACTIVE, None, None
    _ask(subscription, now=now)
    return subscription, resent


@transaction.atomic
def redeliver(
    *, subscription_id: UUID, delivery_id: UUID, seen: str | None = None, now: datetime, by: Actor = SYSTEM
) -> Delivery:
    """Send a delivery again, whatever became of it, with the whole schedule before it.

    seen: its delivery_state as the asker knows it; ChangedMeanwhile where it is another. NotSent while the subscription
    is paused or exhausted, and for a test; Subscription.DoesNotExist, Delivery.DoesNotExist.
    """
    subscription = hold(subscription_id)
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id, subscription=subscription)
    _refuse_changed(seen, delivery_state(delivery))
    if subscription.status != Standing.ACTIVE:
        raise NotSent(f"The webhook is {subscription.status}; enable it, then ask again.")
    if delivery.event == TEST:
        raise NotSent("This was a test; send another one instead.")
    delivery.status, delivery.reason = State.PENDING, Reason.NONE
    delivery.due_at, delivery.delivered_at, delivery.failures = now, None, 0
    delivery.kickoff_at = None  # who asks for it by hand wants it, however late
    delivery.save()
    _ask(subscription, now=now)
    _tell(subscription, "redelivered", by=by, now=now, delivery=str(delivery.pk), event=delivery.event)
    return delivery


def send_test(*, subscription_id: UUID, now: datetime) -> Tested:
    """Send an event of type `test`, once and at once, as real ones are sent, to a subscription that may be stopped.

    It takes as long as the receiver, ten seconds at most. Busy while the organisation has another test under way in
    this process, or two others have.
    """
    subscription = Subscription.objects.select_related("key").get(pk=subscription_id, deleted_at__isnull=True)
    event_id, delivery_id = uuid4(), uuid4()
    body = json.dumps(
        {"id": str(event_id), "event": TEST, "created_at": rfc3339(now), "data": {}}, separators=(",", ":")
    )
    headers = signed_headers(
        body.encode(),
        event=TEST,
        event_id=str(event_id),
        delivery_id=str(delivery_id),
        attempt=1,
        secret=unseal(subscription.sealed_secret),
        previous=previous_secret(subscription, now=now),
        now=now,
    )
    with _testing(subscription.key.organization_id):
        attempted = sender().send(subscription.url, body=body.encode(), headers=headers)
    with transaction.atomic():
        make_weeks([now])
        Delivery.objects.create(
            id=delivery_id,
            subscription=subscription,
            created_at=now,
            event_id=event_id,
            event=TEST,
            body=body,
            status=State.DELIVERED if attempted.delivered else State.FAILED,
            delivered_at=now + timedelta(milliseconds=attempted.duration_ms) if attempted.delivered else None,
            attempts=1,
        )
        Attempt.objects.create(
            delivery_id=delivery_id,
            number=1,
            at=now,
            address=attempted.address,
            status_code=attempted.status_code,
            duration_ms=attempted.duration_ms,
            error=attempted.error,
            response_body=attempted.response_body,
        )
    return Tested(delivery_id, attempted)


def previous_secret(subscription: Subscription, *, now: datetime) -> str | None:
    """The secret that is being replaced, while it is valid."""
    if subscription.previous_until is None or subscription.previous_until <= now:
        return None
    return unseal(subscription.sealed_previous)


def read_events(events: Sequence[str]) -> list[str]:
    """The types that are named, each once, in the order that we name them in. InvalidEvents."""
    if not events or not set(events) <= set(TYPES):
        raise InvalidEvents
    return [each for each in TYPES if each in events]


def hold(subscription_id: UUID) -> Subscription:
    """It, locked until the transaction ends; Subscription.DoesNotExist where it is deleted too."""
    return Subscription.objects.select_for_update(no_key=True).get(pk=subscription_id, deleted_at__isnull=True)


def _pause(subscription: Subscription, paused: bool | None, *, now: datetime) -> None:
    if paused and subscription.status == Standing.ACTIVE:
        subscription.status, subscription.stopped_at = Standing.PAUSED, now
    elif paused is False and subscription.status == Standing.PAUSED:
        subscription.status, subscription.stopped_at = Standing.ACTIVE, None


def _ask(subscription: Subscription, *, now: datetime) -> None:
    """Have deliverers look at it as soon as this commits."""
    subscription.due_at = now
    subscription.save()
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY deliveries_asked")


@contextmanager
def _testing(organization_id: UUID) -> Iterator[None]:
    """A test's turn; Busy where it has none now."""
    with ASKING:
        if organization_id in TESTING or len(TESTING) >= MOST_AT_ONCE:
            raise Busy("Another test is under way; try again in some seconds.")
        TESTING.add(organization_id)
    try:
        yield
    finally:
        TESTING.discard(organization_id)


def _compared(url: str) -> str:
    """The form of a URL that may be registered, in which it is compared. InvalidUrl, Busy."""
    if not LOOK_UPS.acquire(blocking=False):
        raise Busy("Too many names are being looked up; try again in some seconds.")
    try:
        return guard().register(url).normalised
    finally:
        LOOK_UPS.release()


def _refuse_duplicate(same: Subscription | None) -> None:
    if same is not None:
        raise DuplicateUrl("This key has a webhook with this URL; change that one.", subscription_id=str(same.pk))


def _refuse_changed(seen: str | None, is_now: str) -> None:
    if seen is not None and seen != is_now:
        raise ChangedMeanwhile("This was changed since the page was shown. Look at it as it is now, then ask again.")


def _tell(subscription: Subscription, deed: str, *, by: Actor, now: datetime, **details: Any) -> None:
    """Write a change into its organisation's audit log."""
    organization, webhook = subscription.key.organization, str(subscription.pk)
    record(organization, f"webhook.{deed}", by=by, now=now, subject=subscription.url, webhook=webhook, **details)
