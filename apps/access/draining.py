"""Usage from Redis to PostgreSQL, every few seconds.

Counters only grow, and PostgreSQL keeps the highest value it was shown of each: what is shown twice, by a worker that
was killed in between or by two workers at once, adds nothing. A counter is dropped from Redis once it is in PostgreSQL
and its minute is well over.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.access.models import OUTCOMES, ApiError, ApiKey, UsageDrain
from apps.access.state import MINUTE, counters_of, instant, life, now_of
from apps.access.usage import errors_of
from apps.core import redis
from apps.core.redis import link

SECRET = re.compile("[0-9a-f]{16}")
ORGANIZATIONS_AT_ONCE = 500
ERRORS_AT_ONCE = 1_000
STILL_COUNTING_MS = 3 * MINUTE  # longer than any request lasts

# How much more than before the counters show is added to the hours and months, in the one statement that remembers it.
ADD_COUNTS = """
WITH shown AS (
    SELECT one.* FROM unnest(%(keys)s::uuid[], %(minutes)s::timestamptz[], %(endpoints)s::text[], %(sources)s::text[],
        %(counted)s::bigint[], %(limited)s::bigint[], %(refused)s::bigint[], %(failed)s::bigint[])
        AS one(key_id, minute, endpoint, source, counted, limited, refused, failed)
    JOIN access_apikey AS key ON key.id = one.key_id AND key.organization_id = %(organization)s
), more AS (
    INSERT INTO access_usageminute AS known (key_id, minute, endpoint, source, counted, limited, refused, failed)
    SELECT * FROM shown ORDER BY key_id, minute, endpoint, source
    ON CONFLICT (key_id, minute, endpoint, source) DO UPDATE SET
        counted = greatest(known.counted, excluded.counted), limited = greatest(known.limited, excluded.limited),
        refused = greatest(known.refused, excluded.refused), failed = greatest(known.failed, excluded.failed)
    WHERE excluded.counted > known.counted OR excluded.limited > known.limited
        OR excluded.refused > known.refused OR excluded.failed > known.failed
    RETURNING new.key_id, new.minute, new.endpoint,
        new.counted - coalesce(old.counted, 0) AS counted, new.limited - coalesce(old.limited, 0) AS limited,
        new.refused - coalesce(old.refused, 0) AS refused, new.failed - coalesce(old.failed, 0) AS failed
), hours AS (
    INSERT INTO access_usagehour AS known (key_id, hour, endpoint, counted, limited, refused, failed)
    SELECT key_id, date_trunc('hour', minute, 'UTC') AS hour, endpoint,
        sum(counted), sum(limited), sum(refused), sum(failed)
    FROM more GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (key_id, hour, endpoint) DO UPDATE SET
        counted = known.counted + excluded.counted, limited = known.limited + excluded.limited,
        refused = known.refused + excluded.refused, failed = known.failed + excluded.failed
)
INSERT INTO access_usagemonth AS known (organization_id, month, counted)
SELECT %(organization)s, date_trunc('month', minute AT TIME ZONE 'UTC')::date AS month, sum(counted)
FROM more GROUP BY 2 HAVING sum(counted) > 0 ORDER BY 2
ON CONFLICT (organization_id, month) DO UPDATE SET counted = known.counted + excluded.counted
"""

MOVE_LAST_USES = """
UPDATE access_apisecret AS secret SET last_used_at = shown.at
FROM unnest(%(hashes)s::text[], %(times)s::timestamptz[]) AS shown(hash, at), access_apikey AS key
WHERE left(secret.secret_hash, 16) = shown.hash AND key.id = secret.key_id AND key.organization_id = %(organization)s
    AND (secret.last_used_at IS NULL OR secret.last_used_at < shown.at)
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one counter shows of one key and endpoint."""

    key: UUID
    minute: datetime
    endpoint: str
    source: str
    counted: int = 0
    limited: int = 0
    refused: int = 0
    failed: int = 0


def drain() -> int:
    """Bring PostgreSQL up to what Redis has counted; how many organisations had something to tell.

    Redis errors and database errors are raised: nothing is lost by them, the next turn begins anew.
    """
    this_life, began_ms = life(link()), now_of(link())
    organizations = list(ApiKey.objects.order_by().values_list("organization_id", flat=True).distinct())
    told = 0
    for start in range(0, len(organizations), ORGANIZATIONS_AT_ONCE):
        some = organizations[start : start + ORGANIZATIONS_AT_ONCE]
        with redis.client().pipeline(transaction=False) as asked:
            for organization_id in some:
                asked.smembers(counters_of(organization_id))
                asked.xrange(errors_of(organization_id), count=ERRORS_AT_ONCE)
            answers = asked.execute()
        for organization_id, counters, errors in zip(some, answers[::2], answers[1::2], strict=True):
            if counters or errors:
                drain_organization(organization_id, sorted(counters), dict(errors), now_ms=began_ms)
                told += 1
    remember(this_life, known_until=instant(began_ms))
    return told


def remember(this_life: str, *, known_until: datetime) -> None:
    """All that was counted in this life of Redis is written down; if it has ended meanwhile, nobody can say so."""
    if this_life != life(link()):
        return
    drain = UsageDrain.objects.first() or UsageDrain(life=this_life)
    if drain.life != this_life:
        drain.life, drain.lost_since = this_life, drain.known_until
    drain.known_until = known_until
    drain.save()


def drain_organization(
    organization_id: UUID, counters: list[str], errors: dict[str, dict[str, str]], *, now_ms: int
) -> None:
    """Write what these counters and errors of an organisation show, then let Redis forget what needs it no longer."""
    with redis.client().pipeline(transaction=False) as asked:
        for name in counters:
            asked.hgetall(f"{counters_of(organization_id)}:{name}")
        shown = dict(zip(counters, asked.execute(), strict=True))
    with transaction.atomic():
        write_counts(organization_id, [counts for name, fields in shown.items() for counts in counts_in(name, fields)])
        write_last_uses(organization_id, shown.values())
        if errors:
            write_errors(organization_id, errors.values())
    forget(organization_id, [name for name in counters if is_over(name, now_ms=now_ms)], list(errors))


def write_counts(organization_id: UUID, counts: list[Counts]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            ADD_COUNTS,
            {
                "organization": organization_id,
                "keys": [one.key for one in counts],
                "minutes": [one.minute for one in counts],
                "endpoints": [one.endpoint for one in counts],
                "sources": [one.source for one in counts],
                **{outcome: [getattr(one, outcome) for one in counts] for outcome in OUTCOMES},
            },
        )


def write_last_uses(organization_id: UUID, shown: Iterable[dict[str, str]]) -> None:
    last: dict[str, int] = {}
    for fields in shown:
        for secret_hash in filter(SECRET.fullmatch, fields):
            last[secret_hash] = max(last.get(secret_hash, 0), int(fields[secret_hash]))
    times = [instant(at) for at in last.values()]
    with connection.cursor() as cursor:
        cursor.execute(MOVE_LAST_USES, {"organization": organization_id, "hashes": list(last), "times": times})


def write_errors(organization_id: UUID, errors: Iterable[dict[str, str]]) -> None:
    """Write each error once, by the id that it was noted with."""
    mine = set(ApiKey.objects.filter(organization=organization_id).values_list("pk", flat=True))
    rows = [error_in(json.loads(entry["error"])) for entry in errors]
    ApiError.objects.bulk_create([row for row in rows if row.key_id in mine], ignore_conflicts=True)


def forget(organization_id: UUID, counters: list[str], errors: list[str]) -> None:
    """Drop from Redis what is in PostgreSQL. All or nothing: a counter that is not named any more is gone too."""
    if not counters and not errors:
        return
    with redis.client().pipeline(transaction=True) as told:
        if counters:
            told.unlink(*(f"{counters_of(organization_id)}:{name}" for name in counters))
            told.srem(counters_of(organization_id), *counters)
        if errors:
            told.xdel(errors_of(organization_id), *errors)
        told.execute()


def counts_in(name: str, fields: dict[str, str]) -> list[Counts]:
    """The rows that a counter fills: one for each key and endpoint."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for field, value in fields.items():
        key, _, rest = field.partition("|")
        endpoint, _, outcome = rest.partition("|")
        if outcome in OUTCOMES:
            found.setdefault((key, endpoint), {})[outcome] = int(value)
    run, _, minute = name.rpartition(":")
    at, source = instant(int(minute) * MINUTE), f"{run}:{fields.get('source', '')}"
    return [Counts(UUID(key), at, endpoint, source, **each) for (key, endpoint), each in found.items()]


def error_in(record: dict[str, Any]) -> ApiError:
    limit, count, oldest, newest = record["window"] or [None] * 4
    return ApiError(
        id=UUID(record["id"]),
        key_id=UUID(record["key"]),
        at=instant(record["at"]),
        request_id=record["request_id"],
        status=record["status"],
        code=record["code"],
        endpoint=record["endpoint"],
        window_limit=limit,
        window_count=count,
        window_oldest=None if oldest is None else instant(oldest),
        window_newest=None if newest is None else instant(newest),
    )


def is_over(name: str, *, now_ms: int) -> bool:
    """Whether nobody counts in it any more."""
    minute = int(name.rpartition(":")[2])
    return (minute + 1) * MINUTE + STILL_COUNTING_MS <= now_ms
