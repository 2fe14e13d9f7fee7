"""Subscriptions, and their deliveries and attempts in weekly partitions, which partitions.py makes and drops."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# What Django cannot write: primary keys and uniqueness that hold the partition's column too.
FORWARD = """
CREATE TABLE webhooks_delivery (
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    event varchar(32) NOT NULL,
    sequence bigint,
    subject_id uuid,
    kickoff_at timestamptz,
    body text,
    status varchar(12) NOT NULL,
    reason varchar(12) NOT NULL,
    due_at timestamptz,
    delivered_at timestamptz,
    attempts integer NOT NULL,
    failures integer NOT NULL,
    PRIMARY KEY (id, created_at),
    CONSTRAINT one_delivery_an_event UNIQUE (subscription_id, created_at, event_id),
    CONSTRAINT pending_deliveries_are_due CHECK ((status = 'pending') <> (due_at IS NULL)),
    CONSTRAINT delivered_when CHECK ((status = 'delivered') <> (delivered_at IS NULL))
) PARTITION BY RANGE (created_at);
CREATE INDEX deliveries_due ON webhooks_delivery (subscription_id, due_at, sequence) WHERE status = 'pending';
CREATE INDEX deliveries_of_a_pick ON webhooks_delivery (subscription_id, subject_id, sequence)
    WHERE status = 'pending';

CREATE TABLE webhooks_attempt (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    address inet,
    status_code smallint,
    duration_ms integer NOT NULL,
    error text NOT NULL,
    response_body text NOT NULL,
    PRIMARY KEY (delivery_id, number, at)
) PARTITION BY RANGE (at);
"""
BACKWARD = """
DROP TABLE webhooks_attempt;
DROP TABLE webhooks_delivery;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("access", "0005_tells")]

    operations = [
        migrations.CreateModel(
            name="FanOut",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("last_sequence", models.BigIntegerField(default=0)),
                (
                    "behind",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="fan_out_is_one")],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("url", models.CharField(help_text="As it was sent to us.", max_length=2048)),
                (
                    "compared_url",
                    models.CharField(help_text="Two URLs are the same where these are equal.", max_length=2100),
                ),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("paused", "Paused"), ("exhausted", "Exhausted")],
                        default="active",
                        max_length=12,
                    ),
                ),
                ("stopped_at", models.DateTimeField(blank=True, help_text="When it was last active.", null=True)),
                ("expire_at_kickoff", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                ("begins_after", models.BigIntegerField(help_text="The last event that came before it.")),
                ("sealed_secret", models.TextField(help_text="Encrypted.")),
                (
                    "sealed_previous",
                    models.TextField(blank=True, help_text="Encrypted: the secret that is being replaced."),
                ),
                ("previous_until", models.DateTimeField(blank=True, null=True)),
                ("last_delivery_at", models.DateTimeField(blank=True, null=True)),
                ("last_failed_at", models.DateTimeField(blank=True, null=True)),
                ("last_failed_status", models.SmallIntegerField(blank=True, null=True)),
                ("last_failed_error", models.TextField(blank=True)),
                (
                    "drags",
                    models.BooleanField(default=False, help_text="Its last attempt was slow: it gets few threads."),
                ),
                (
                    "mail_due_at",
                    models.DateTimeField(
                        blank=True, help_text="When to tell its owners that it is exhausted.", null=True
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                ("holder", models.UUIDField(blank=True, null=True)),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="subscriptions", to="access.apikey"
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="subscriptions_due"
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("mail_due_at__isnull", False)), fields=["mail_due_at"], name="subscriptions_to_mail"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("key", "compared_url"),
                name="one_subscription_a_url",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("events__len__gt", 0)), name="subscription_has_events"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "active"), ("stopped_at__isnull", False), _connector="XOR"),
                name="subscription_stopped_when",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, BACKWARD)],
            state_operations=[
                migrations.CreateModel(
                    name="Attempt",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "delivery_id",
                                "number",
                                "at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("delivery_id", models.UUIDField()),
                        ("number", models.IntegerField()),
                        ("at", models.DateTimeField()),
                        ("address", models.GenericIPAddressField(help_text="The one that was dialled.", null=True)),
                        ("status_code", models.SmallIntegerField(null=True)),
                        ("duration_ms", models.IntegerField()),
                        ("error", models.TextField(blank=True, help_text="A sentence; empty where it was delivered.")),
                        ("response_body", models.TextField(blank=True, help_text="The beginning of the answer.")),
                    ],
                    options={
                        "ordering": ["number", "at"],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ("created_at", models.DateTimeField()),
                        ("event_id", models.UUIDField()),
                        ("event", models.CharField(max_length=32)),
                        ("sequence", models.BigIntegerField(null=True)),
                        ("subject_id", models.UUIDField(help_text="The pick it is about.", null=True)),
                        ("kickoff_at", models.DateTimeField(null=True)),
                        ("body", models.TextField(null=True)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("pending", "Pending"),
                                    ("delivered", "Delivered"),
                                    ("failed", "Failed"),
                                    ("expired", "Expired"),
                                    ("cancelled", "Cancelled"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("", "None"),
                                    ("paused", "The webhook was paused."),
                                    ("exhausted", "The fifth retry of an event had failed."),
                                    ("gone", "The receiver answered 410."),
                                    ("key", "The key was revoked or has expired."),
                                    ("tier", "The organisation's tier has no webhooks."),
                                    ("deleted", "The webhook was deleted."),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("due_at", models.DateTimeField(null=True)),
                        ("delivered_at", models.DateTimeField(null=True)),
                        ("attempts", models.IntegerField(default=0)),
                        ("failures", models.IntegerField(default=0)),
                        (
                            "subscription",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="deliveries",
                                to="webhooks.subscription",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                        "ordering": ["-created_at", "-event_id"],
                    },
                ),
                migrations.AddIndex(
                    model_name="delivery",
                    index=models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["subscription", "due_at", "sequence"],
                        name="deliveries_due",
                    ),
                ),
                migrations.AddIndex(
                    model_name="delivery",
                    index=models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["subscription", "subject_id", "sequence"],
                        name="deliveries_of_a_pick",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="delivery",
                    constraint=models.UniqueConstraint(
                        fields=("subscription", "created_at", "event_id"), name="one_delivery_an_event"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="delivery",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("status", "pending"), ("due_at__isnull", True), _connector="XOR"),
                        name="pending_deliveries_are_due",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="delivery",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("status", "delivered"), ("delivered_at__isnull", True), _connector="XOR"),
                        name="delivered_when",
                    ),
                ),
            ],
        ),
    ]
