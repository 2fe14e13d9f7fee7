"""Tell the planner how common each league is: it takes no statistics from the partial index over upper(league), and
would guess half a percent, collect the league's picks and sort them instead of reading the page in order."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("picks", "0002_life_of_a_pick")]
    operations = [
        migrations.RunSQL(
            "CREATE STATISTICS pick_league_upper ON (upper(league)) FROM picks_pick;",
            "DROP STATISTICS pick_league_upper;",
        ),
    ]
