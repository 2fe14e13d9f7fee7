"""A Redis server of a test's own, which it may stop, start again and feed an old file."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from apps.core.redis import client
from apps.devtools.stack.ports import free_port
from apps.devtools.stack.valkey import Valkey


class Server:
    """One server on one port. What it saved is there again when it starts again; no append-only file."""

    def __init__(self, folder: Path) -> None:
        self.valkey = Valkey(folder, durable=False)
        self.port = free_port()
        self.valkey.start(self.port)

    @property
    def url(self) -> str:
        return self.valkey.url(self.port)

    def start(self) -> None:
        self.valkey.start(self.port)

    def kill(self) -> None:
        assert self.valkey.child
        self.valkey.child.stop(timeout=10)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Its process is stopped meanwhile: connections are open, and nobody answers."""
        assert self.valkey.child
        assert self.valkey.child.process
        self.valkey.child.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.valkey.child.process.send_signal(signal.SIGCONT)


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[Server]:
    """The Redis of the settings while the test runs."""
    from apps.access.local import PURSES  # pytest loads this file before Django's apps are

    running = Server(tmp_path)
    settings.REDIS_URL = running.url
    client.cache_clear()
    PURSES.asleep_until = 0.0
    yield running
    client.cache_clear()
    running.kill()
    PURSES.held.clear()
    PURSES.asleep_until = 0.0
