# What was asked with a key, and what it failed at.

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F


def outcomes():
    return [(name, models.BigIntegerField(default=0)) for name in ("counted", "limited", "refused", "failed")]


def row_id():
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def of_key(related_name):
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=related_name, to="access.apikey")


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_secrets"),
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="apikey", name="api_key_hash_is_sha256"),
        migrations.RemoveField(model_name="apikey", name="secret_hash"),
        migrations.CreateModel(
            name="UsageMinute",
            fields=[
                row_id(),
                *outcomes(),
                ("minute", models.DateTimeField(db_index=True)),
                ("endpoint", models.CharField(max_length=24)),
                ("source", models.CharField(max_length=64)),
                ("key", of_key("+")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("key", "minute", "endpoint", "source"), name="usage_minute_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageHour",
            fields=[
                row_id(),
                *outcomes(),
                ("hour", models.DateTimeField(db_index=True)),
                ("endpoint", models.CharField(max_length=24)),
                (
                    "accepted",
                    models.GeneratedField(
                        db_persist=True,
                        expression=F("counted") - F("refused") - F("failed"),
                        output_field=models.BigIntegerField(),
                    ),
                ),
                ("key", of_key("usage")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("key", "hour", "endpoint"), name="usage_hour_once")],
            },
        ),
        migrations.CreateModel(
            name="UsageMonth",
            fields=[
                row_id(),
                ("month", models.DateField()),
                ("counted", models.BigIntegerField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("organization", "month"), name="usage_month_once")],
            },
        ),
        migrations.CreateModel(
            name="UsageDrain",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("known_until", models.DateTimeField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="usage_drain_is_one")],
            },
        ),
        migrations.CreateModel(
            name="ApiError",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("request_id", models.CharField(db_index=True, max_length=64)),
                ("status", models.SmallIntegerField()),
                ("code", models.CharField(max_length=40)),
                ("endpoint", models.CharField(max_length=24)),
                ("window_limit", models.IntegerField(null=True)),
                ("window_count", models.IntegerField(null=True)),
                ("window_oldest", models.DateTimeField(null=True)),
                ("window_newest", models.DateTimeField(null=True)),
                ("key", of_key("errors")),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["key", "-at"], name="errors_of_a_key")],
            },
        ),
    ]
