"""Make many rows of the pick counts into few: each change adds some, and every page adds them up."""

from django.db import connection

# Only what this statement itself removes is added up, so two at once, or a change meanwhile, lose and double nothing.
FOLD = """
WITH many AS (
    SELECT unnest(array_agg(id)) AS id FROM picks_pickcount GROUP BY sport, league, day
    HAVING count(*) > 1 OR sum(picks) = 0
), gone AS (
    DELETE FROM picks_pickcount AS each USING many WHERE each.id = many.id
    RETURNING each.sport, each.league, each.day, each.picks
)
INSERT INTO picks_pickcount (sport, league, day, picks)
SELECT sport, league, day, sum(picks) FROM gone GROUP BY sport, league, day HAVING sum(picks) <> 0
"""


def fold_counts() -> None:
    """One row for each filter and day, as far as they are committed now."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD)
