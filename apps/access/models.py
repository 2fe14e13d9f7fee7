"""A customer's right to knock: API keys, their secrets, of which only hashes are kept, and what was asked with them."""

import uuid

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Organization

OUTCOMES = ["counted", "limited", "refused", "failed"]


class ApiKey(models.Model):
    """One key of an organisation. It outlives its secrets: a rotation changes neither its id nor its window.

    `changed_at` moves on, by a microsecond at least, with every change of what the key opens: the younger of two
    readings of a key is the one that holds.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=8, help_text="First 8 hex digits of its newest secret, to show.")
    last_four = models.CharField(max_length=4, help_text="Last 4 hex digits of its newest secret, to show.")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} betedge_{self.prefix}…{self.last_four}"


class ApiSecret(models.Model):
    """What opens the API in a key's name. It was shown once; `secret_hash` is its SHA-256 in hex."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="secrets")
    secret_hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=8, db_index=True, help_text="First 8 hex digits, to show.")
    last_four = models.CharField(max_length=4, help_text="Last 4 hex digits, to show.")
    created_at = models.DateTimeField()
    works_until = models.DateTimeField(null=True, blank=True, help_text="Set by a rotation: the end of its grace.")
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Some seconds late.")

    class Meta:
        verbose_name = "secret"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(name="api_secret_is_sha256", condition=Q(secret_hash__regex=r"^[0-9a-f]{64}$")),
        ]

    def __str__(self) -> str:
        return f"betedge_{self.prefix}…{self.last_four}"


class Outcomes(models.Model):
    """How many requests came to what: `counted` ones were admitted, some of them `refused` or `failed` later on.

    limited: 429 for the hour or the month. refused: any other 4xx. failed: 5xx.
    """

    counted = models.BigIntegerField(default=0)
    limited = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class UsageMinute(Outcomes):
    """What one counter of Redis says of a key, minute and endpoint: the highest that was read, kept for 26 hours.

    `source` names the counter: one that Redis lost and began anew at 0 is another one, and both are added up.
    """

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    minute = models.DateTimeField(db_index=True)
    endpoint = models.CharField(max_length=24)
    source = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "minute", "endpoint", "source"], name="usage_minute_once"),
        ]


class UsageHour(Outcomes):
    """Requests of a key to an endpoint in an hour, kept for 400 days."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="usage")
    hour = models.DateTimeField(db_index=True)
    endpoint = models.CharField(max_length=24)
    accepted = models.GeneratedField(
        expression=F("counted") - F("refused") - F("failed"), output_field=models.BigIntegerField(), db_persist=True
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "hour", "endpoint"], name="usage_hour_once")]


class UsageMonth(models.Model):
    """How much of its monthly cap an organisation used, by the first day of the UTC month; kept for good."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    counted = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "month"], name="usage_month_once")]


class UsageDrain(models.Model):
    """One row: when, by Redis's clock, the last drain began that read every counter there was, and in which life.

    A life of the Redis server ends when it is emptied or started again. `lost_since` is what `known_until` was when
    the life before ended: what was counted from then on until this one began may be lost. None: nothing was known.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    known_until = models.DateTimeField()
    life = models.CharField(max_length=64, default="")
    lost_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="usage_drain_is_one", condition=Q(id=1))]


class ApiError(models.Model):
    """An answer of 400 or more to a request with a working key.

    Those that a limit refused say what the hour's window held then. Kept: the last 100 of a key, and for 24 hours
    what a limit refused, at most 10,000 of a key.
    """

    id = models.UUIDField(primary_key=True)
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="errors")
    at = models.DateTimeField()
    request_id = models.CharField(max_length=64, db_index=True)
    status = models.SmallIntegerField()
    code = models.CharField(max_length=40)
    endpoint = models.CharField(max_length=24)
    window_limit = models.IntegerField(null=True)
    window_count = models.IntegerField(null=True)
    window_oldest = models.DateTimeField(null=True)
    window_newest = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["key", "-at"], name="errors_of_a_key")]

    def __str__(self) -> str:
        return f"{self.status} {self.code} of {self.request_id}"
