# A key's secrets move to a table of their own; 0003 drops the column they came from.

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

SHA256 = models.CheckConstraint(
    condition=models.Q(("secret_hash__regex", "^[0-9a-f]{64}$")), name="api_secret_is_sha256"
)


def copy_secrets(apps, schema_editor):
    ApiKey, ApiSecret = apps.get_model("access", "ApiKey"), apps.get_model("access", "ApiSecret")
    ApiSecret.objects.bulk_create(
        [
            ApiSecret(
                key=key,
                secret_hash=key.secret_hash,
                prefix=key.prefix,
                last_four=key.last_four,
                created_at=key.created_at,
            )
            for key in ApiKey.objects.all()
        ],
        batch_size=1_000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="changed_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="apikey",
            name="last_four",
            field=models.CharField(help_text="Last 4 hex digits of its newest secret, to show.", max_length=4),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="prefix",
            field=models.CharField(help_text="First 8 hex digits of its newest secret, to show.", max_length=8),
        ),
        migrations.CreateModel(
            name="ApiSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("secret_hash", models.CharField(max_length=64, unique=True)),
                ("prefix", models.CharField(db_index=True, help_text="First 8 hex digits, to show.", max_length=8)),
                ("last_four", models.CharField(help_text="Last 4 hex digits, to show.", max_length=4)),
                ("created_at", models.DateTimeField()),
                (
                    "works_until",
                    models.DateTimeField(blank=True, help_text="Set by a rotation: the end of its grace.", null=True),
                ),
                ("last_used_at", models.DateTimeField(blank=True, help_text="Some seconds late.", null=True)),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="access.apikey"
                    ),
                ),
            ],
            options={
                "verbose_name": "secret",
                "ordering": ["-created_at", "-id"],
                "constraints": [SHA256],
            },
        ),
        migrations.RunPython(copy_secrets, migrations.RunPython.noop),
    ]
