"""Who is told of what, and every telling: subscriptions, deliveries, attempts."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.access.models import ApiKey

MOST_SUBSCRIPTIONS = 5  # of one key
TEST = "test"  # the type of the event that POST …/test sends; it is in no log


class Standing(models.TextChoices):
    ACTIVE = "active"
    PAUSED = "paused"  # by its owner, or by a receiver that answered 410
    EXHAUSTED = "exhausted"  # the fifth retry of one event failed


class State(models.TextChoices):
    """Where a delivery stands. A pending one becomes any of the others; those become pending again only when somebody
    asks for it, and delivered when an attempt that was under way turns out to have arrived.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # for good
    EXPIRED = "expired"  # kick-off came first, and the subscription asks for nothing stale
    CANCELLED = "cancelled"  # it was never to be sent, or no longer


class Reason(models.TextChoices):
    """Why a delivery is not sent (any more)."""

    NONE = ""
    PAUSED = "paused", "The webhook was paused."
    EXHAUSTED = "exhausted", "The fifth retry of an event had failed."
    GONE = "gone", "The receiver answered 410."
    KEY = "key", "The key was revoked or has expired."
    TIER = "tier", "The organisation's tier has no webhooks."
    DELETED = "deleted", "The webhook was deleted."


class Subscription(models.Model):
    """One URL of one key that is told of events.

    `due_at`: when the first of its pending deliveries is due, or earlier; never later. Deliverers look no further than
    this, and one of them at a time holds the subscription: until `held_until`, or as long as it says so again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="subscriptions")
    url = models.CharField(max_length=2_048, help_text="As it was sent to us.")
    compared_url = models.CharField(max_length=2_100, help_text="Two URLs are the same where these are equal.")
    events = ArrayField(models.CharField(max_length=32))
    status = models.CharField(max_length=12, choices=Standing, default=Standing.ACTIVE)
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="When it was last active.")
    expire_at_kickoff = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    begins_after = models.BigIntegerField(help_text="The last event that came before it.")

    sealed_secret = models.TextField(help_text="Encrypted.")
    sealed_previous = models.TextField(blank=True, help_text="Encrypted: the secret that is being replaced.")
    previous_until = models.DateTimeField(null=True, blank=True)

    last_delivery_at = models.DateTimeField(null=True, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    last_failed_status = models.SmallIntegerField(null=True, blank=True)
    last_failed_error = models.TextField(blank=True)
    drags = models.BooleanField(default=False, help_text="Its last attempt was slow: it gets few threads.")
    mail_due_at = models.DateTimeField(null=True, blank=True, help_text="When to tell its owners that it is exhausted.")

    due_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    holder = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "compared_url"], condition=Q(deleted_at__isnull=True), name="one_subscription_a_url"
            ),
            models.CheckConstraint(name="subscription_has_events", condition=Q(events__len__gt=0)),
            models.CheckConstraint(
                name="subscription_stopped_when", condition=Q(status="active") ^ Q(stopped_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="subscriptions_due"),
            models.Index(fields=["mail_due_at"], condition=Q(mail_due_at__isnull=False), name="subscriptions_to_mail"),
        ]

    def __str__(self) -> str:
        return self.url


class FanOut(models.Model):
    """One row: the last event of which every subscription has its delivery.

    behind: subscriptions that were in other hands just then, and are yet to be told that something is due.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    last_sequence = models.BigIntegerField(default=0)
    behind = ArrayField(models.UUIDField(), default=list)

    class Meta:
        constraints = [models.CheckConstraint(name="fan_out_is_one", condition=Q(id=1))]


class Delivery(models.Model):
    """One event on its way to one subscription. In weekly partitions by `created_at`, the time of the event.

    `body` is None for events of the log, whose bytes stand there. `failures` counts since it was last begun; `attempts`
    counts all.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without a constraint in the database: subscriptions outlive their deliveries, and are never deleted before.
    subscription = models.ForeignKey(
        Subscription, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="deliveries"
    )
    created_at = models.DateTimeField()
    event_id = models.UUIDField()
    event = models.CharField(max_length=32)
    sequence = models.BigIntegerField(null=True)
    subject_id = models.UUIDField(null=True, help_text="The pick it is about.")
    kickoff_at = models.DateTimeField(null=True)
    body = models.TextField(null=True)
    status = models.CharField(max_length=12, choices=State)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    due_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-created_at", "-event_id"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "created_at", "event_id"], name="one_delivery_an_event"),
            models.CheckConstraint(
                name="pending_deliveries_are_due", condition=Q(status="pending") ^ Q(due_at__isnull=True)
            ),
            models.CheckConstraint(
                name="delivered_when", condition=Q(status="delivered") ^ Q(delivered_at__isnull=True)
            ),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "due_at", "sequence"], condition=Q(status="pending"), name="deliveries_due"
            ),
            models.Index(
                fields=["subscription", "subject_id", "sequence"],
                condition=Q(status="pending"),
                name="deliveries_of_a_pick",
            ),
            # What people look for in a log of deliveries that all went well; those cost it nothing.
            models.Index(
                fields=["subscription", "created_at", "event_id"],
                condition=Q(status__in=["failed", "expired", "cancelled"]) | Q(event=TEST),
                name="deliveries_to_look_for",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.event_id}"


class Attempt(models.Model):
    """One try to deliver, as it went. In weekly partitions by `at`, when it began."""

    pk = models.CompositePrimaryKey("delivery_id", "number", "at")
    delivery_id = models.UUIDField()
    number = models.IntegerField()
    at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, help_text="The one that was dialled.")
    status_code = models.SmallIntegerField(null=True)
    duration_ms = models.IntegerField()
    error = models.TextField(blank=True, help_text="A sentence; empty where it was delivered.")
    response_body = models.TextField(blank=True, help_text="The beginning of the answer.")

    class Meta:
        ordering = ["number", "at"]

    def __str__(self) -> str:
        return f"#{self.number}: {self.error or self.status_code}"
