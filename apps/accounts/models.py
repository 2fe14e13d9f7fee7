"""Who buys from us: an organisation, on a tier."""

import uuid

from django.db import models

from apps.accounts.tiers import TIERS


class Organization(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    tier = models.CharField(max_length=16, choices=[(slug, slug.title()) for slug in TIERS], default="starter")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="organization_tier_known", condition=models.Q(tier__in=list(TIERS))),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.tier})"
