"""Fill a database with picks by the database itself: a million of them in a minute or two."""

from collections.abc import Callable, Mapping
from typing import Any

Execute = Callable[[Any, Mapping[str, int]], object]  # of a cursor or a connection
PUBLISHED = 600  # not yet settled, and the newest
PER_FIXTURE = 3
SPREAD_DAYS = 363  # of the settlements: all of them are inside of days_back=365

# Fixture n kicked off n steps ago; the first PUBLISHED / PER_FIXTURE of them, in the last three hours, are not over.
FIXTURES = """
INSERT INTO feed_fixture (
    internal_id, sport, league, name, home_team, away_team, kickoff_at, kickoff_source, in_play, tournament, origin,
    first_seen_at, last_seen_at, odds_digest, result_asks
)
SELECT n, sport, initcap(sport) || ' League ' || n / 5 %% 12, home || ' v ' || away, home, away, kickoff, 'feed', false,
    false, 'live', kickoff - interval '3 days', kickoff, '', 0
FROM (
    SELECT n,
        (ARRAY['soccer', 'tennis', 'basketball', 'ice-hockey', 'soccer'])[n %% 5 + 1] AS sport,
        'Home Athletic ' || n %% 400 AS home,
        'Away Rovers ' || n %% 397 AS away,
        date_trunc('second', now()) - CASE
            WHEN n < %(open)s THEN n * interval '3 hours' / %(open)s
            ELSE interval '4 hours' + (n - %(open)s) * (%(days)s * interval '1 day') / %(closed)s
        END AS kickoff
    FROM generate_series(0, %(open)s + %(closed)s - 1) AS n
) AS drawn
"""
PICKS = """
INSERT INTO picks_pick (
    id, fixture_id, origin, sport, league, kickoff_at, question, market, side, line, selection, odds, fair_odds,
    fair_probability, edge, confidence, book, anchor, anchor_age_seconds, method, suspicious, evidence, analysis,
    analysis_at, analysis_edited, status, proposed_at, published_at, clv_missing, held,
    settled_at, result, profit, closing_fair_odds, clv
)
SELECT gen_random_uuid(), fixture.id, 'engine', fixture.sport, fixture.league, fixture.kickoff_at, question, question,
    'home', line, fixture.home_team || in_words, 1.91, 1.83301, 0.54555, 0.042, 1 + nth %% 5, 'bookmaker', 'pinnacle',
    40, 'power', false, '{}', 'Pinnacle''s fair value is 1.83.', fixture.kickoff_at - interval '8 hours', false,
    CASE WHEN settled THEN 'settled' ELSE 'published' END,
    fixture.kickoff_at - interval '8 hours', fixture.kickoff_at - interval '7 hours', '', '',
    CASE WHEN settled THEN fixture.kickoff_at + interval '2 hours' END,
    CASE WHEN settled THEN CASE WHEN won THEN 'win' ELSE 'loss' END END,
    CASE WHEN settled THEN CASE WHEN won THEN 0.91 ELSE -1 END END,
    CASE WHEN settled THEN 1.87 END,
    CASE WHEN settled THEN 0.02139037 END
FROM feed_fixture AS fixture
CROSS JOIN (
    VALUES ('match_odds', NULL, ' to win'), ('asian_handicap', -0.5, ' -0.5 Asian Handicap'),
        ('totals', 2.5, ' over 2.5')
) AS bet (question, line, in_words)
CROSS JOIN LATERAL (
    SELECT fixture.internal_id::int AS nth, fixture.internal_id::int >= %(open)s AS settled,
        fixture.internal_id::bigint * 7919 %% 1000 < 540 AS won
) AS life
ORDER BY fixture.kickoff_at DESC
LIMIT %(picks)s
"""
RECORD = """
INSERT INTO picks_dailyrecord (
    day, sport, settled, pushes, wins, profit, profit_squares, edge_sum, clv_count, clv_beats, clv_sum, clv_squares
)
SELECT (settled_at AT TIME ZONE 'UTC')::date, sport, count(*), 0, count(*) FILTER (WHERE result = 'win'), sum(profit),
    sum(profit * profit), sum(edge), count(clv), count(*) FILTER (WHERE clv > 0), sum(clv), sum(clv * clv)
FROM picks_pick WHERE status = 'settled' GROUP BY 1, 2
"""


def fill(execute: Execute, settled: int) -> None:
    """So many settled picks over the last year, and PUBLISHED more, into a migrated and empty database."""
    opened = PUBLISHED // PER_FIXTURE
    closed = -(-settled // PER_FIXTURE)
    for statement in (FIXTURES, PICKS, RECORD):
        execute(statement, {"open": opened, "closed": closed, "days": SPREAD_DAYS, "picks": PUBLISHED + settled})
