"""Who buys from us: an organisation, on a tier, the people who belong to it, and the log of what they changed."""

import uuid

from django.conf import settings
from django.db import models

from apps.accounts.roles import Role
from apps.accounts.tiers import TIERS
from apps.accounts.words import ACTIONS

TIER_CHOICES = [(slug, slug.title()) for slug in TIERS]
ROLE_CHOICES = [(role.value, role.title()) for role in Role]


class Organization(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, unique=True)
    tier = models.CharField(max_length=16, choices=TIER_CHOICES, default="starter")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="organization_tier_known", condition=models.Q(tier__in=list(TIERS))),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.tier})"


class Membership(models.Model):
    """A person in an organisation; one may be in several. Nobody is deleted who is in one: it could lose its owner."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=ROLE_CHOICES)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="one_membership_a_person")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Invitation(models.Model):
    """A place offered to an e-mail address. The link in the mail carries a token of which only the hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(help_text="In lower case.")
    role = models.CharField(max_length=12, choices=ROLE_CHOICES)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_invitation_an_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"


class TierRequest(models.Model):
    """An organisation's wish for another tier, which staff grant or decline."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        GRANTED = "granted"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tier_requests")
    tier = models.CharField(max_length=16, choices=TIER_CHOICES)
    note = models.TextField(blank=True, max_length=2_000)
    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, max_length=2_000, help_text="What staff say to it; the customer sees it.")

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(status="waiting"), name="one_waiting_request"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization.name}: {self.tier}, {self.status}"


class AuditEntry(models.Model):
    """One change in an organisation: who, what, when, from where. The database refuses to change or delete it."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="audit_entries")
    at = models.DateTimeField()
    action = models.CharField(max_length=40, choices=list(ACTIONS.items()))
    actor_kind = models.CharField(max_length=8)
    actor = models.CharField(max_length=254, help_text="The name under which they did it.")
    user_id = models.BigIntegerField(null=True, help_text="Of a person; the account may be gone.")
    address = models.GenericIPAddressField(null=True, help_text="Where it came from.")
    subject = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["organization", "-at", "-id"], name="audit_of_an_organization")]

    def __str__(self) -> str:
        return f"{self.actor} {self.get_action_display()}: {self.subject}"


class OutgoingMail(models.Model):
    """A message to one person until the mail server has taken it. Its text may hold a link that opens their account."""

    to = models.CharField(max_length=320)
    sender = models.CharField(max_length=320)
    subject = models.CharField(max_length=998)
    text = models.TextField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.subject} (mail {self.pk})"
