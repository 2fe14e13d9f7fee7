"""The sums behind the standard errors in the daily record, filled in for the days that are there already."""

from django.db import migrations, models

# Counted over the picks themselves, as rollup.raw_sums does: a day's other sums do not give its squares.
FILL = """
UPDATE picks_dailyrecord AS record
SET profit_squares = raw.profit_squares, clv_beats = raw.clv_beats, clv_squares = raw.clv_squares
FROM (
    SELECT (settled_at AT TIME ZONE 'UTC')::date AS day, sport, sum(profit * profit) AS profit_squares,
        count(*) FILTER (WHERE clv > 0) AS clv_beats, coalesce(sum(clv * clv), 0) AS clv_squares
    FROM picks_pick WHERE status = 'settled' AND result <> 'void' GROUP BY 1, 2
) AS raw
WHERE record.day = raw.day AND record.sport = raw.sport
"""


class Migration(migrations.Migration):
    dependencies = [("picks", "0004_counts_and_changes")]
    operations = [
        migrations.AddField(
            "dailyrecord", "profit_squares", models.DecimalField(max_digits=24, decimal_places=8, default=0)
        ),
        migrations.AddField("dailyrecord", "clv_beats", models.IntegerField(default=0, help_text="CLV above 0.")),
        migrations.AddField(
            "dailyrecord", "clv_squares", models.DecimalField(max_digits=28, decimal_places=16, default=0)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
