"""A Redis server of a test's own, which it may stop, start again and feed an old file."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import override_settings
from redis import Redis

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

    def save(self) -> None:
        """Write the file that it reads when it starts again, however slow the disk is."""
        with Redis.from_url(self.url) as patient:
            patient.save()

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


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The Redis of the settings meanwhile."""
    from apps.access.ledger import LEDGERS  # pytest loads this file before Django's apps are
    from apps.core.away import REDIS_AWAY

    running = Server(folder)
    try:
        with override_settings(REDIS_URL=running.url):
            client.cache_clear()
            REDIS_AWAY.over()
            yield running
    finally:
        client.cache_clear()
        running.kill()
        LEDGERS.held.clear()
        REDIS_AWAY.over()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One test's."""
    with serving(tmp_path) as running:
        yield running
