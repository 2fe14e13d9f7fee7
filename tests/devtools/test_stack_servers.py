"""The servers that the tests stand on."""

import json
import subprocess
import sys
import time

import psycopg
from django.db import connection
from redis import Redis

from apps.devtools.stack.folder import ROOT

# Starts servers as conftest.py does, and is then killed like a test run that hung.
RUN = """
import subprocess, sys, time
holder = subprocess.Popen([sys.executable, "-m", "apps.devtools.stack.throwaway", "postgres", "valkey"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(holder.stdout.readline().decode(), end="", flush=True)
time.sleep(600)
"""


def is_up(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_both_servers_answer(db: None, redis: "Redis") -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 180000
    assert redis.ping()


def test_the_servers_of_a_killed_test_run_end_by_themselves() -> None:
    with subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        url = json.loads(run.stdout.readline())["postgres"]
        assert is_up(url)
        run.kill()
    until = time.monotonic() + 20
    while is_up(url):
        assert time.monotonic() < until
        time.sleep(0.05)
