"""PostgreSQL and Valkey for one test run, gone when it is: `python -m apps.devtools.stack.throwaway postgres valkey`.

Prints their addresses as one line of JSON, then waits for the end of its standard input: that comes when whoever
started it closes the pipe, and also when it is killed with a signal that nobody can catch.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from apps.devtools.stack.ports import free_port
from apps.devtools.stack.postgres import Postgres
from apps.devtools.stack.processes import Child, StackError
from apps.devtools.stack.valkey import Valkey

ROOT = Path(__file__).resolve().parents[3]
ATTEMPTS = 5  # somebody else may take a free port between our look and our use of it


def start_postgres(folder: Path) -> tuple[str, Child]:
    """The address and the process of a fresh, unsafe and fast server."""
    server = Postgres(folder, durable=False)
    server.prepare()
    port = _on_free_port(server)
    return server.url(port, "postgres"), _child(server)


def start_valkey(folder: Path) -> tuple[str, Child]:
    """The address and the process of a server that keeps nothing."""
    server = Valkey(folder, durable=False)
    return server.url(_on_free_port(server)), _child(server)


def hold(names: Sequence[str]) -> tuple["subprocess.Popen[str]", dict[str, str]]:
    """A process that holds these servers until its standard input is closed, and their addresses by name.

    StackError where they do not start; the reason is printed.
    """
    holder = subprocess.Popen(
        [sys.executable, "-m", "apps.devtools.stack.throwaway", *names],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert holder.stdout
    line = holder.stdout.readline()
    if not line:
        raise StackError("The servers did not start; the reason stands above.")
    return holder, json.loads(line)


STARTERS = {"postgres": start_postgres, "valkey": start_valkey}


def _on_free_port(server: Postgres | Valkey) -> int:
    for attempt in range(1, ATTEMPTS + 1):
        port = free_port()
        try:
            server.start(port)
        except StackError:
            if attempt == ATTEMPTS:
                raise
        else:
            break
    return port


def _child(server: Postgres | Valkey) -> Child:
    assert server.child is not None
    return server.child


def main(names: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests; the pipe tells us when they are over
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="betedge-test-"))
    folder.chmod(0o711)  # so that PostgreSQL, which is not us where we are root, reaches its own folder in it
    children = []
    try:
        addresses = {}
        for name in names:
            addresses[name], child = STARTERS[name](folder)
            children.append(child)
        print(json.dumps(addresses), flush=True)
        while os.read(sys.stdin.fileno(), 1024):
            pass
    except StackError as error:
        sys.exit(str(error))
    finally:
        for child in children:
            child.stop(timeout=5)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
