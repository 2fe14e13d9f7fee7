"""When a key's secrets were used: what Redis knows at once, and PostgreSQL some seconds later."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis
import structlog

from apps.access.draining import counts_in, error_in
from apps.access.models import ApiError, ApiKey, ApiSecret, UsageMinute
from apps.access.state import counters_of, instant, short
from apps.access.usage import errors_of
from apps.core.away import REDIS_AWAY
from apps.core.redis import client

log = structlog.get_logger(__name__)
ERRORS_READ = 200  # the newest that wait to be drained


@dataclass(frozen=True, slots=True)
class Sighting:
    """The first request that is known of a secret. endpoint: empty where it cannot be told.

    error: what it was answered, if that was an error.
    """

    at: datetime
    endpoint: str
    error: ApiError | None


def last_uses(key: ApiKey, secrets: Iterable[ApiSecret]) -> dict[str, datetime]:
    """By secret_hash when each of the key's secrets was last used, to the second; those never used are left out."""
    secrets = list(secrets)
    found = {secret.secret_hash: secret.last_used_at for secret in secrets if secret.last_used_at is not None}
    for uses in uses_in_redis(key, secrets).values():
        for secret, at in zip(secrets, uses, strict=True):
            if at is not None:
                found[secret.secret_hash] = max(found.get(secret.secret_hash, at), at)
    return found


def first_request(key: ApiKey) -> Sighting | None:
    """The first request with the key's newest secret; None: none has come. Two calls to Redis where it has not."""
    secret = key.secrets.all()[0]
    uses = {name: at for name, [at] in uses_in_redis(key, [secret]).items() if at is not None}
    if uses:
        name, at = min(uses.items(), key=lambda use: use[1])
        counts = counts_in_redis(key, name)
    elif secret.last_used_at is not None:
        at = secret.last_used_at
        minute = at.replace(second=0, microsecond=0)
        counts = set(UsageMinute.objects.filter(key=key, minute=minute).values_list("endpoint", flat=True))
    else:
        return None
    error = error_at(key, at)
    sole = counts.pop() if len(counts) == 1 and not key.secrets.exclude(pk=secret.pk).exists() else ""
    return Sighting(at, error.endpoint if error else sole, error)


def uses_in_redis(key: ApiKey, secrets: list[ApiSecret]) -> dict[str, list[datetime | None]]:
    """By counter that is not yet drained when each of the secrets was last used in it; empty while Redis is away."""
    counters, names = counters_of(key.organization_id), [short(secret.secret_hash) for secret in secrets]
    if REDIS_AWAY or not names:
        return {}
    store: Any = client()  # typed as if any answer could be bytes
    try:
        waiting = sorted(store.smembers(counters))
        with store.pipeline(transaction=False) as asked:
            for counter in waiting:
                asked.hmget(f"{counters}:{counter}", names)
            answers = asked.execute()
    except redis.RedisError as error:
        log.warning("last uses not read", error=type(error).__name__)
        return {}
    return {
        counter: [None if at is None else instant(int(at)) for at in answer]
        for counter, answer in zip(waiting, answers, strict=True)
    }


def counts_in_redis(key: ApiKey, counter: str) -> set[str]:
    """The endpoints that were asked with the key in this counter."""
    store: Any = client()
    try:
        fields = store.hgetall(f"{counters_of(key.organization_id)}:{counter}")
    except redis.RedisError:
        return set()
    return {one.endpoint for one in counts_in(counter, fields) if one.key == key.pk}


def error_at(key: ApiKey, at: datetime) -> ApiError | None:
    """The error that a request of this instant was answered with; it waits in Redis, or is drained."""
    store: Any = client()
    try:
        waiting = [] if REDIS_AWAY else store.xrevrange(errors_of(key.organization_id), count=ERRORS_READ)
    except redis.RedisError:
        waiting = []
    noted = [error_in(json.loads(fields["error"])) for _, fields in waiting]
    for error in noted:
        if error.key_id == key.pk and error.at == at:
            return error
    return ApiError.objects.filter(key=key, at=at).first()
