"""Invitations, requests for another tier, and the audit log, whose rows cannot be changed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entry % is written: entries are added, never changed', OLD.id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
"""
BACKWARD = """
DROP TRIGGER audit_append_only ON accounts_auditentry;
DROP FUNCTION audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_membership"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("organization.created", "created the organisation"),
                            ("organization.renamed", "renamed the organisation"),
                            ("organization.tier_changed", "changed the tier"),
                            ("ownership.transferred", "transferred the ownership"),
                            ("member.invited", "invited somebody"),
                            ("member.invitation_withdrawn", "withdrew an invitation"),
                            ("member.joined", "joined"),
                            ("member.role_changed", "changed a role"),
                            ("member.removed", "removed somebody"),
                            ("member.left", "left"),
                            ("tier.requested", "asked for another tier"),
                            ("tier.request_withdrawn", "withdrew the request for another tier"),
                            ("tier.granted", "granted another tier"),
                            ("tier.declined", "declined the request for another tier"),
                            ("key.created", "created an API key"),
                            ("key.renamed", "renamed an API key"),
                            ("key.rotated", "rotated an API key"),
                            ("key.old_secrets_ended", "ended the old secrets of an API key"),
                            ("key.expiry_changed", "changed when an API key expires"),
                            ("key.revoked", "revoked an API key"),
                            ("webhook.created", "created a webhook"),
                            ("webhook.changed", "changed a webhook"),
                            ("webhook.deleted", "deleted a webhook"),
                            ("webhook.enabled", "enabled a webhook"),
                            ("webhook.secret_rotated", "rotated a webhook's secret"),
                            ("webhook.redelivered", "sent a delivery again"),
                        ],
                        max_length=40,
                    ),
                ),
                ("actor_kind", models.CharField(max_length=8)),
                ("actor", models.CharField(help_text="The name under which they did it.", max_length=254)),
                ("user_id", models.BigIntegerField(help_text="Of a person; the account may be gone.", null=True)),
                ("address", models.GenericIPAddressField(help_text="Where it came from.", null=True)),
                ("subject", models.CharField(blank=True, max_length=300)),
                ("details", models.JSONField(default=dict)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_entries",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["organization", "-at", "-id"], name="audit_of_an_organization")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("email", models.EmailField(help_text="In lower case.", max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("admin", "Admin"),
                            ("developer", "Developer"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=12,
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("organization", "email"),
                        name="one_open_invitation_an_address",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TierRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tier",
                    models.CharField(
                        choices=[("starter", "Starter"), ("growth", "Growth"), ("enterprise", "Enterprise")],
                        max_length=16,
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=2000)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("granted", "Granted"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.TextField(
                        blank=True, help_text="What staff say to it; the customer sees it.", max_length=2000
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tier_requests",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "waiting")), fields=("organization",), name="one_waiting_request"
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
