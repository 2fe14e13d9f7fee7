"""The front as the Caddyfile has it, before any web."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.devtools.stack.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
CADDY = Path(sys.executable).parent / "caddy"
needs_caddy = pytest.mark.skipif(not (CADDY.exists() or shutil.which("caddy")), reason="caddy is not installed")


@contextmanager
def front(web: str, folder: Path) -> Iterator[int]:
    """The port on which it takes requests for the web at this address (`http://127.0.0.1:8001`)."""
    port = free_port()
    environ = {
        **os.environ,
        "BETEDGE_SITE": f"http://:{port}",
        "BETEDGE_BIND": "127.0.0.1",
        "BETEDGE_WEB_UPSTREAM": web.removeprefix("http://"),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    command = [str(CADDY if CADDY.exists() else "caddy"), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)
