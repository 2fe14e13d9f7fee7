"""The stores' own health: PostgreSQL, Redis, and whether the tables are those the code expects."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from apps.core import redis
from apps.core.health import State, register_check


@register_check("postgres", essential=True)
def postgres() -> tuple[State, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return State.OK, "Answers."


@register_check("redis")
def redis_answers() -> tuple[State, str]:
    redis.client().ping()
    return State.OK, "Answers."


@register_check("migrations", essential=True)
def migrations() -> tuple[State, str]:
    missing = expected_migrations() - set(MigrationRecorder(connection).applied_migrations())
    if missing:
        return State.DOWN, f"{len(missing)} not applied; run manage.py migrate."
    return State.OK, "All applied."


@cache
def expected_migrations() -> frozenset[tuple[str, str]]:
    """Every migration on disk as (app, name); read once, since a process's code does not change under it."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
