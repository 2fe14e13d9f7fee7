"""Fill a database with a thousand customers by the database itself: one of them with a year of everything.

Customer 0 is the large one, customer 1 was born today; the others have a little of everything.
"""

from dataclasses import asdict, dataclass

from bench.filling import Execute

LARGE, NEW = "Customer 0", "Customer 1"


@dataclass(frozen=True, slots=True)
class Sizes:
    """tenants: in all. The rest is what the large one has: keys that work, and of each of those its hours and minutes
    of usage on three endpoints; refusals of one key today; keys that have five webhooks each, and events of the last 30
    days that all of these were told of; people, whose changes fill a year of the audit log.
    """

    tenants: int = 1_000
    keys: int = 50
    revoked: int = 200
    hours: int = 8_760
    minutes: int = 1_440
    refusals: int = 10_000
    subscribed: int = 1
    events: int = 20_000
    changes: int = 100_000
    members: int = 50
    invitations: int = 100
    queue: int = 300  # picks that wait for a reviewer; no tenant's


# What the foreign keys point at is written here too: asking for each of two million rows would double the time.
TRUSTING = "SET session_replication_role = replica"
ASKING = "SET session_replication_role = origin"

TENANTS = """
CREATE TEMPORARY TABLE tenant AS
SELECT n, md5('tenant ' || n)::uuid AS id, n = 0 AS large, n = 1 AS born_today,
    now() - CASE WHEN n = 1 THEN interval '1 hour' ELSE interval '370 days' END AS created_at
FROM generate_series(0, %(tenants)s - 1) AS n
"""
ORGANIZATIONS = """
INSERT INTO accounts_organization (id, name, tier, created_at)
SELECT id, 'Customer ' || n, CASE WHEN n < 2 THEN 'enterprise' ELSE (ARRAY['starter', 'growth'])[n %% 2 + 1] END,
    created_at
FROM tenant
"""
PEOPLE = """
INSERT INTO auth_user (
    password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined
)
SELECT '!', false, person, '', '', person, false, true, created_at
FROM tenant CROSS JOIN LATERAL generate_series(1, CASE WHEN large THEN %(members)s ELSE 1 END) AS nth
CROSS JOIN LATERAL (SELECT 'person' || nth || '@customer' || n || '.example' AS person) AS called
"""
ADDRESSES = """
INSERT INTO account_emailaddress (user_id, email, verified, "primary")
SELECT id, email, true, true FROM auth_user WHERE email LIKE 'person%%'
"""
MEMBERSHIPS = """
INSERT INTO accounts_membership (organization_id, user_id, role, created_at)
SELECT tenant.id, person.id, CASE WHEN person.username LIKE 'person1@%%' THEN 'owner' ELSE 'developer' END,
    tenant.created_at
FROM tenant JOIN auth_user AS person ON split_part(person.username, '@', 2) = 'customer' || n || '.example'
"""
# The large one's owner looks after some others too: they are in the switcher of every page.
OTHERS = """
INSERT INTO accounts_membership (organization_id, user_id, role, created_at)
SELECT tenant.id, person.id, 'admin', tenant.created_at
FROM tenant JOIN auth_user AS person ON person.username = 'person1@customer0.example' WHERE n BETWEEN 2 AND 9
"""
INVITATIONS = """
INSERT INTO accounts_invitation (
    id, organization_id, email, role, token_hash, invited_by_id, created_at, expires_at, accepted_at, withdrawn_at
)
SELECT md5('invitation ' || nth)::uuid, id, 'guest' || nth || '@customer0.example', 'viewer',
    encode(sha256(('invitation ' || nth)::bytea), 'hex'), NULL, now() - nth * interval '3 days',
    now() - nth * interval '3 days' + interval '7 days',
    CASE WHEN nth > 20 AND nth %% 2 = 0 THEN now() - nth * interval '3 days' + interval '1 hour' END,
    CASE WHEN nth > 20 AND nth %% 2 = 1 THEN now() - nth * interval '3 days' + interval '2 hours' END
FROM tenant CROSS JOIN generate_series(1, %(invitations)s) AS nth WHERE large
"""
REQUESTS = """
INSERT INTO accounts_tierrequest (organization_id, tier, note, status, asked_at, decided_at, answer)
SELECT id, 'growth', 'Month ' || nth, 'declined', now() - nth * interval '30 days',
    now() - nth * interval '29 days', 'Not yet.'
FROM tenant CROSS JOIN generate_series(1, 12) AS nth WHERE large
UNION ALL
SELECT id, 'enterprise', '', 'waiting', now() - n * interval '1 minute', NULL, '' FROM tenant WHERE n %% 10 = 5
"""
CHANGES = """
INSERT INTO accounts_auditentry (
    organization_id, at, action, actor_kind, actor, user_id, address, subject, details
)
SELECT id, now() - nth * interval '365 days' / share.changes,
    (ARRAY['key.created', 'key.rotated', 'webhook.changed', 'webhook.redelivered', 'key.renamed'])[nth %% 5 + 1],
    'person', 'person' || nth %% 50 + 1 || '@customer' || n || '.example', NULL, '203.0.113.9',
    'key ' || nth %% 250, '{}'
FROM tenant
CROSS JOIN LATERAL (SELECT CASE WHEN large THEN %(changes)s WHEN born_today THEN 1 ELSE 20 END AS changes) AS share
CROSS JOIN LATERAL generate_series(0, share.changes - 1) AS nth
"""

KEYS = """
INSERT INTO access_apikey (
    id, organization_id, name, prefix, last_four, created_at, changed_at, expires_at, revoked_at
)
SELECT id, tenant, 'key ' || nth, left(digits, 8), right(digits, 4), created_at, created_at,
    CASE WHEN nth %% 10 = 9 THEN now() + interval '20 days' END,
    CASE WHEN large AND nth > %(keys)s THEN created_at + interval '30 days' END
FROM (
    SELECT tenant.id AS tenant, large, nth, created_at + nth * interval '1 minute' AS created_at,
        md5('key ' || n || ' ' || nth)::uuid AS id, encode(sha256(('key ' || n || ' ' || nth)::bytea), 'hex') AS digits
    FROM tenant CROSS JOIN LATERAL generate_series(
        1, CASE WHEN large THEN %(keys)s + %(revoked)s WHEN born_today THEN 1 ELSE 2 END
    ) AS nth
) AS drawn
"""
# Each was rotated once, and both secrets were used.
SECRETS = """
INSERT INTO access_apisecret (key_id, secret_hash, prefix, last_four, created_at, works_until, last_used_at)
SELECT id, encode(sha256((id || turn::text)::bytea), 'hex'), prefix, last_four,
    created_at + turn * interval '10 seconds',
    CASE WHEN turn = 0 THEN created_at + interval '1 day' END,
    CASE WHEN turn = 0 THEN created_at + interval '5 seconds' ELSE now() - interval '1 minute' END
FROM access_apikey CROSS JOIN generate_series(0, 1) AS turn
"""
# The large one asks in every hour; the others a few times a week, over the same year, so that no time is theirs alone.
HOURS = """
INSERT INTO access_usagehour (key_id, hour, endpoint, counted, limited, refused, failed)
SELECT key.id, date_trunc('hour', now()) - ago * CASE WHEN large THEN 1 ELSE 52 END * interval '1 hour',
    endpoint, 100 + ago %% 37, ago %% 11 / 10,
    ago %% 5, ago %% 23 / 22
FROM tenant JOIN access_apikey AS key ON key.organization_id = tenant.id AND key.revoked_at IS NULL
CROSS JOIN LATERAL generate_series(0, CASE WHEN large THEN %(hours)s ELSE 168 END - 1) AS ago
CROSS JOIN LATERAL unnest(
    CASE WHEN large THEN ARRAY['picks', 'track-record', 'match-analyses'] ELSE ARRAY['picks'] END
) AS endpoint
WHERE NOT born_today
"""
MINUTES = """
INSERT INTO access_usageminute (key_id, minute, endpoint, source, counted, limited, refused, failed)
SELECT key.id, date_trunc('minute', now()) - ago * interval '1 minute', endpoint, 'bench',
    2 + ago %% 3, 0, ago %% 7 / 6, 0
FROM tenant JOIN access_apikey AS key ON key.organization_id = tenant.id AND key.revoked_at IS NULL
CROSS JOIN generate_series(0, %(minutes)s - 1) AS ago
CROSS JOIN unnest(ARRAY['picks', 'track-record', 'match-analyses']) AS endpoint
WHERE large
"""
MONTHS = """
INSERT INTO access_usagemonth (organization_id, month, counted)
SELECT id, (date_trunc('month', now()) - ago * interval '1 month')::date, CASE WHEN large THEN 700000 ELSE 4000 END
FROM tenant CROSS JOIN generate_series(0, 12) AS ago WHERE NOT born_today
"""
DRAINED = "INSERT INTO access_usagedrain (id, known_until, life) VALUES (1, now(), 'bench') ON CONFLICT DO NOTHING"
ERRORS = """
INSERT INTO access_apierror (
    id, key_id, at, request_id, status, code, endpoint, window_limit, window_count, window_oldest, window_newest
)
SELECT gen_random_uuid(), key.id, at, 'bench-' || md5(key.id::text || nth),
    CASE WHEN limited THEN 429 ELSE 404 END, CASE WHEN limited THEN 'rate_limit_exceeded' ELSE 'not_found' END, 'picks',
    CASE WHEN limited THEN 10000 END, CASE WHEN limited THEN 10000 END,
    CASE WHEN limited THEN at - interval '59 minutes' END,
    CASE WHEN limited THEN at - interval '1 second' END
FROM tenant JOIN access_apikey AS key ON key.organization_id = tenant.id AND key.revoked_at IS NULL
CROSS JOIN LATERAL generate_series(
    0, CASE WHEN NOT large THEN 5 WHEN key.name = 'key 1' THEN %(refusals)s + 100 ELSE 100 END - 1
) AS nth
CROSS JOIN LATERAL (
    SELECT key.name = 'key 1' AND nth >= 100 AS limited,
        now() - nth * interval '23 hours' / (%(refusals)s + 100) AS at
) AS happened
WHERE NOT born_today
"""

EVENTS = """
INSERT INTO outbox_outboxevent (sequence, id, type, key, subject_id, body, created_at)
SELECT n, md5('event ' || n)::uuid, (ARRAY['pick.published', 'pick.settled'])[n %% 2 + 1], 'bench:' || n, pick.id,
    json_build_object('id', md5('event ' || n)::uuid, 'event', (ARRAY['pick.published', 'pick.settled'])[n %% 2 + 1],
        'created_at', now(), 'data', json_build_object('id', pick.id, 'league', pick.league, 'pick', pick.selection,
        'odds', pick.odds, 'analysis', pick.analysis, 'status', pick.status, 'kickoff_at', pick.kickoff_at)),
    now() - (%(events)s - n + 1) * interval '29 days 20 hours' / (%(events)s + 1)
FROM generate_series(1, %(events)s) AS n
JOIN (
    SELECT row_number() OVER (ORDER BY kickoff_at DESC, id) AS nth, pick.* FROM picks_pick AS pick
    ORDER BY kickoff_at DESC, id LIMIT 1000
) AS pick ON pick.nth = n %% 500 + 1
"""
HEAD = "INSERT INTO outbox_outboxhead (id, last_sequence) VALUES (1, %(events)s)"
# Five of each key, the last of them exhausted, so that every page has the banner; one of each other customer's.
SUBSCRIPTIONS = """
INSERT INTO webhooks_subscription (
    id, key_id, url, compared_url, events, status, stopped_at, expire_at_kickoff, created_at, begins_after,
    sealed_secret, sealed_previous, last_delivery_at, last_failed_error, drags
)
SELECT md5('webhook ' || key.id || ' ' || nth)::uuid, key.id, url, url, ARRAY['pick.published', 'pick.settled'],
    CASE WHEN nth = 5 THEN 'exhausted' ELSE 'active' END, CASE WHEN nth = 5 THEN now() END, false,
    key.created_at + nth * interval '1 second', 0, 'sealed', '', now(), '', false
FROM tenant JOIN access_apikey AS key ON key.organization_id = tenant.id
    AND split_part(key.name, ' ', 2)::int <= CASE WHEN large THEN %(subscribed)s ELSE 1 END
CROSS JOIN LATERAL generate_series(1, CASE WHEN large THEN 5 ELSE 1 END) AS nth
CROSS JOIN LATERAL (SELECT 'https://customer' || n || '.example/hooks/' || nth AS url) AS told
"""
DELIVERIES = """
INSERT INTO webhooks_delivery (
    id, subscription_id, created_at, event_id, event, sequence, subject_id, status, reason, delivered_at, attempts,
    failures
)
SELECT md5(subscription.id::text || sequence)::uuid, subscription.id, event.created_at, event.id, event.type, sequence,
    subject_id, CASE WHEN failed THEN 'failed' ELSE 'delivered' END, '',
    CASE WHEN NOT failed THEN event.created_at + interval '120 milliseconds' END, CASE WHEN failed THEN 6 ELSE 1 END,
    CASE WHEN failed THEN 6 ELSE 0 END
FROM tenant JOIN access_apikey AS key ON key.organization_id = tenant.id
JOIN webhooks_subscription AS subscription ON subscription.key_id = key.id
JOIN outbox_outboxevent AS event
    ON sequence > %(events)s - CASE WHEN large THEN %(events)s WHEN born_today THEN 1 ELSE 20 END
CROSS JOIN LATERAL (SELECT large AND sequence %% 40 = 7 AS failed) AS came
"""
ATTEMPTS = """
INSERT INTO webhooks_attempt (delivery_id, number, at, address, status_code, duration_ms, error, response_body)
SELECT id, number, created_at + number * interval '20 milliseconds', '203.0.113.7',
    CASE status WHEN 'failed' THEN 500 ELSE 204 END,
    40 + number * 7, CASE status WHEN 'failed' THEN 'The receiver answered 500.' ELSE '' END,
    CASE status WHEN 'failed' THEN '<html><h1>Server error</h1></html>' ELSE '' END
FROM webhooks_delivery CROSS JOIN LATERAL generate_series(1, attempts) AS number
"""

COMING = """
INSERT INTO feed_fixture (
    internal_id, sport, league, name, home_team, away_team, kickoff_at, kickoff_source, in_play, tournament, origin,
    first_seen_at, last_seen_at, odds_digest, result_asks
)
SELECT 'coming ' || n, 'soccer', 'Soccer League', 'Home Athletic v Away Rovers', 'Home Athletic', 'Away Rovers',
    now() + n * interval '5 minutes', 'feed', false, false, 'live', now(), now(), '', 0
FROM generate_series(1, %(queue)s) AS n
"""
QUEUE = """
INSERT INTO picks_pick (
    id, fixture_id, origin, sport, league, kickoff_at, question, market, side, line, selection, odds, fair_odds,
    fair_probability, edge, confidence, book, anchor, anchor_age_seconds, method, suspicious, evidence, analysis,
    analysis_at, analysis_edited, status, proposed_at, clv_missing, held
)
SELECT gen_random_uuid(), id, 'engine', sport, league, kickoff_at, 'match_odds', 'match_odds', 'home', NULL,
    home_team || ' to win', 1.91, 1.83301, 0.54555, 0.042, 3, 'bookmaker', 'pinnacle', 40, 'power', false, '{}',
    'Pinnacle''s fair value is 1.83.', now(), false, 'admin_review', now(), '', ''
FROM feed_fixture WHERE internal_id LIKE 'coming %%'
"""

STATEMENTS = (
    *(TENANTS, TRUSTING, ORGANIZATIONS, PEOPLE, ADDRESSES, MEMBERSHIPS, OTHERS, INVITATIONS, REQUESTS, CHANGES),
    *(KEYS, SECRETS, HOURS, MINUTES, MONTHS, DRAINED, ERRORS),
    *(EVENTS, HEAD, SUBSCRIPTIONS, DELIVERIES, ATTEMPTS, ASKING, COMING, QUEUE),
)


def fill(execute: Execute, sizes: Sizes) -> None:
    """A migrated database with picks, and with the weeks of the last 30 days, gets these customers."""
    for statement in STATEMENTS:
        execute(statement, asdict(sizes))
