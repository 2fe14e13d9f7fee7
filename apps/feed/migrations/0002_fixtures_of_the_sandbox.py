"""The fixtures of the sandbox are found without reading all the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feed", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="fixture",
            index=models.Index(fields=["id"], condition=models.Q(("origin", "sandbox")), name="fixture_of_the_sandbox"),
        ),
    ]
