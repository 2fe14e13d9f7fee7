"""The servers of one run: PostgreSQL and Valkey, gone with it, and web servers, each started as the Procfile says."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from apps.devtools.stack.ports import free_port, is_free
from apps.devtools.stack.processes import Child, wait_until
from apps.devtools.stack.procfile import argv, commands
from apps.devtools.stack.throwaway import hold
from bench.install import FOLDER, ROOT

OURS = "betedge.wsgi:application"


@contextmanager
def stores() -> Iterator[dict[str, str]]:
    """Fresh servers: the addresses of `postgres` and `valkey`. They end with this process, however it ends."""
    holder, addresses = hold(["postgres", "valkey"])
    assert holder.stdin
    try:
        yield addresses
    finally:
        holder.stdin.close()
        holder.wait(30)


def with_path(url: str, path: str) -> str:
    """The same server's other database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours without what may be set for a `make run`, and the peers' packages to be found."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BETEDGE_", "DJANGO_"))}
    return {**inherited, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(FOLDER)} | {
        **extra
    }


@contextmanager
def web(application: str, *, folder: Path, extra: Mapping[str, str]) -> Iterator[tuple[int, Child]]:
    """The Procfile's web with this application in the place of ours, without the front: its port and its process."""
    port = free_port()
    name = application.partition(":")[0]
    child = Child(
        name=name,
        argv=argv(commands(ROOT / "Procfile")["web"].replace(OURS, application)),
        log=folder / f"{name}-{port}.log",
        env=environment({**extra, "BETEDGE_WEB_PORT": str(port)}),
        cwd=ROOT,
    )
    child.start()
    try:
        wait_until(lambda: not is_free(port), child, timeout=60)
        yield port, child
    finally:
        child.stop(timeout=15)
