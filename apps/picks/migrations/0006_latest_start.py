"""The order in which the admin lists every pick."""

from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [("picks", "0005_spread_of_the_record")]

    operations = [
        migrations.AddIndex(
            "pick", models.Index(F("kickoff_at").desc(nulls_last=True), F("id"), name="pick_latest_start")
        )
    ]
