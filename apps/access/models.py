"""A customer's right to knock: API keys, of which only a hash is kept."""

import uuid

from django.db import models
from django.db.models import Q

from apps.accounts.models import Organization


class ApiKey(models.Model):
    """One key of an organisation. The secret is shown once; `secret_hash` is its SHA-256 in hex."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    secret_hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=8, help_text="First 8 hex digits, to show.")
    last_four = models.CharField(max_length=4, help_text="Last 4 hex digits, to show.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(name="api_key_hash_is_sha256", condition=Q(secret_hash__regex=r"^[0-9a-f]{64}$")),
        ]

    def __str__(self) -> str:
        return f"{self.name} betedge_{self.prefix}…{self.last_four}"
