"""The one Redis connection pool of a process."""

from functools import cache

import redis
from django.conf import settings


@cache
def client() -> "redis.Redis":
    """The shared client; commands fail within 2 s when Redis is away (redis.exceptions.ConnectionError)."""
    return redis.Redis.from_url(
        settings.REDIS_URL, decode_responses=True, socket_timeout=2, socket_connect_timeout=2, max_connections=32
    )
