"""The web process of the Procfile, running beside a test on the test's own database and Redis."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from apps.devtools.stack.ports import free_port
from apps.devtools.stack.processes import Child, wait_until
from apps.devtools.stack.procfile import argv, commands

ROOT = Path(__file__).resolve().parents[1]
APPLICATION = "betedge.wsgi:application"


@contextmanager
def web_process(
    folder: Path, *, application: str = APPLICATION, environ: dict[str, str] | None = None
) -> Iterator[str]:
    """Its address, once it answers. What the test wrote must be committed to be seen; `folder` takes the log.

    `environ` replaces what the process would inherit.
    """
    port = free_port()
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": database_url(),
        "BETEDGE_WEB_PORT": str(port),
        **(environ or {}),
    }
    command = commands(ROOT / "Procfile")["web"].replace(APPLICATION, application)
    web = Child("web", argv(command), folder / "web.log", environ, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    web.start()
    try:
        wait_until(lambda: answers(address), web, timeout=30)
        yield address
    finally:
        web.stop(timeout=10)


def database_url() -> str:
    """Of the test's own database, for another process."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
