"""What people look for in the log of a webhook is found without reading all that went well."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                fields=["subscription", "created_at", "event_id"],
                condition=Q(status__in=["failed", "expired", "cancelled"]) | Q(event="test"),
                name="deliveries_to_look_for",
            ),
        ),
    ]
