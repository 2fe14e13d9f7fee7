"""The servers under the tests: started before Django reads its settings, once for all workers, gone with the run."""

import os
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import django
import pytest
import redis as redis_py
from hypothesis import HealthCheck, settings

from apps.devtools.stack.processes import StackError
from apps.devtools.stack.throwaway import hold

SERVERS = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
_holder: "subprocess.Popen[str] | None" = None  # ends the servers when our end of its pipe closes, however we die


def _start_servers() -> None:
    """Start what the environment does not name; workers inherit the controller's environment and start nothing."""
    global _holder
    missing = [name for name, setting in SERVERS.items() if not os.environ.get(setting)]
    if not missing:
        return
    try:
        _holder, addresses = hold(missing)
    except StackError as error:
        pytest.exit(str(error), returncode=3)
    for name, address in addresses.items():
        os.environ[SERVERS[name]] = address


def _own_redis_database() -> None:
    """Worker gw0 takes database 1, gw1 takes 2, …: their tests flush it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        parts = urlsplit(os.environ["REDIS_URL"])
        os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=f"/{int(worker.removeprefix('gw')) + 1}"))


# Slow machines are no bug: examples are bounded in number, never in time.
settings.register_profile("betedge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("betedge")

# Not in pytest's configuration: pytest-django would then load the settings before this file has run.
os.environ["DJANGO_SETTINGS_MODULE"] = "betedge.settings"
os.environ["BETEDGE_ENV"] = "test"
_start_servers()
_own_redis_database()


def pytest_configure() -> None:
    django.setup()  # pytest-django does it only for a settings module named in pytest's configuration
    # A worker that inherits this name reads the settings, with our Redis database, before it has run this file.
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_unconfigure() -> None:
    if _holder and _holder.stdin:
        _holder.stdin.close()
        _holder.wait(20)


@pytest.fixture
def redis() -> Iterator["redis_py.Redis"]:
    """This worker's own Redis database, empty before and after."""
    from apps.core.redis import link  # Django's settings are read only now

    with redis_py.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as client:
        client.flushdb()
        client.set(f"birth:{link().run}", 0)  # long ago: nobody waits for what others remember
        yield client
        client.flushdb()
