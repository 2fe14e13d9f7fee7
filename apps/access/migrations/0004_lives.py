# In which life of the Redis server usage was drained, and what may be lost of the one before.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0003_usage")]

    operations = [
        migrations.AddField("usagedrain", "life", models.CharField(default="", max_length=64)),
        migrations.AddField("usagedrain", "lost_since", models.DateTimeField(null=True)),
    ]
