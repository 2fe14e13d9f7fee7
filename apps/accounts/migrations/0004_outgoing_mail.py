"""Mail that waits for the mail server."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_organisations")]

    operations = [
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("to", models.CharField(max_length=320)),
                ("sender", models.CharField(max_length=320)),
                ("subject", models.CharField(max_length=998)),
                ("text", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(db_index=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
    ]
