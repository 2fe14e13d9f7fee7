"""Counts of the picks that are out, and word of every change that customers can see, both by the database itself."""

from django.db import migrations, models

FORWARD = """
-- Whatever puts picks out, moves or removes them: what that adds to each count is a row, in the same transaction.
CREATE FUNCTION picks_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text := concat_ws(' UNION ALL ',
        CASE WHEN TG_OP <> 'DELETE' THEN 'SELECT 1, sport, league, kickoff_at, status FROM come' END,
        CASE WHEN TG_OP <> 'INSERT' THEN 'SELECT -1, sport, league, kickoff_at, status FROM gone' END);
BEGIN
    EXECUTE 'INSERT INTO picks_pickcount (sport, league, day, picks)
        SELECT sport, upper(league), (kickoff_at AT TIME ZONE ''UTC'')::date, sum(by)
        FROM (' || moved || ') AS moved (by, sport, league, kickoff_at, status)
        WHERE status IN (''published'', ''settled'')
        GROUP BY GROUPING SETS ((3), (1, 3), (2, 3), (1, 2, 3)) HAVING sum(by) <> 0';
    RETURN NULL;
END $$;

CREATE TRIGGER picks_counted_come AFTER INSERT ON picks_pick
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION picks_counted();
CREATE TRIGGER picks_counted_moved AFTER UPDATE ON picks_pick
    REFERENCING NEW TABLE AS come OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION picks_counted();
CREATE TRIGGER picks_counted_gone AFTER DELETE ON picks_pick
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION picks_counted();

CREATE FUNCTION picks_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM picks_pickcount;
    PERFORM pg_notify('picks_changed', '');
    RETURN NULL;
END $$;

CREATE TRIGGER picks_emptied AFTER TRUNCATE ON picks_pick EXECUTE FUNCTION picks_emptied();

INSERT INTO picks_pickcount (sport, league, day, picks)
SELECT sport, upper(league), (kickoff_at AT TIME ZONE 'UTC')::date, count(*)
FROM picks_pick WHERE status IN ('published', 'settled')
GROUP BY GROUPING SETS ((3), (1, 3), (2, 3), (1, 2, 3));

-- Heard by every web process when the transaction commits; told once for each transaction.
CREATE FUNCTION picks_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('picks_changed', '');
    RETURN NULL;
END $$;

CREATE TRIGGER picks_changed_come AFTER INSERT ON picks_pick FOR EACH ROW
    WHEN (NEW.status IN ('published', 'settled')) EXECUTE FUNCTION picks_changed();
CREATE TRIGGER picks_changed_gone AFTER DELETE ON picks_pick FOR EACH ROW
    WHEN (OLD.status IN ('published', 'settled')) EXECUTE FUNCTION picks_changed();
CREATE TRIGGER picks_changed AFTER UPDATE ON picks_pick FOR EACH ROW
    WHEN (NEW.status IN ('published', 'settled') AND (
        OLD.status, OLD.fixture_id, OLD.sport, OLD.league, OLD.kickoff_at, OLD.selection, OLD.odds, OLD.edge,
        OLD.confidence, OLD.settled_at, OLD.result, OLD.anchor
    ) IS DISTINCT FROM (
        NEW.status, NEW.fixture_id, NEW.sport, NEW.league, NEW.kickoff_at, NEW.selection, NEW.odds, NEW.edge,
        NEW.confidence, NEW.settled_at, NEW.result, NEW.anchor
    )) EXECUTE FUNCTION picks_changed();
CREATE TRIGGER picks_changed AFTER UPDATE ON feed_fixture FOR EACH ROW
    WHEN ((OLD.home_team, OLD.away_team, OLD.origin) IS DISTINCT FROM (NEW.home_team, NEW.away_team, NEW.origin))
    EXECUTE FUNCTION picks_changed();
"""
BACKWARD = """
DROP TRIGGER picks_changed ON feed_fixture;
DROP TRIGGER picks_changed ON picks_pick;
DROP TRIGGER picks_changed_gone ON picks_pick;
DROP TRIGGER picks_changed_come ON picks_pick;
DROP FUNCTION picks_changed();
DROP TRIGGER picks_emptied ON picks_pick;
DROP FUNCTION picks_emptied();
DROP TRIGGER picks_counted_gone ON picks_pick;
DROP TRIGGER picks_counted_moved ON picks_pick;
DROP TRIGGER picks_counted_come ON picks_pick;
DROP FUNCTION picks_counted();
"""


class Migration(migrations.Migration):
    dependencies = [("picks", "0003_league_statistics"), ("feed", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="PickCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sport", models.CharField(max_length=40, null=True)),
                ("league", models.TextField(null=True)),
                ("day", models.DateField()),
                ("picks", models.IntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["sport", "league", "day"], include=["picks"], name="pick_count_of_a_filter")
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
