"""Does PostgreSQL answer, and what does it tell? One thread of a web process listens, on a connection of its own."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

import psycopg
import structlog
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

log = structlog.get_logger(__name__)

CHANNEL = "picks_changed"
PULSE_SECONDS = 1.0  # how often a server that tells nothing is asked whether it is there
PATIENCE_SECONDS = 2.0  # after which one that does not answer is away
PAUSE_SECONDS = 0.25
STARTING_OR_STOPPING = "57P"  # the class of codes with which a server says that it takes nobody now


class Listener:
    """`generation` is another number after every change that PostgreSQL told of, and after every pause in listening.

    What was made of PostgreSQL's data in a generation is as it is now, while `hears` and the generation stands.
    `away`: PostgreSQL takes no connection or does not answer, so asking it would only cost time; who waits for it on
    another connection of this process is let go. Where the thread does not run (in every process but web) both are
    False.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.hears = False
        self.away = False
        self._ended = threading.Event()
        self.others: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def begin(self) -> None:
        connection_created.connect(self._meet, dispatch_uid="postgres-listener")
        threading.Thread(target=self._go_on, name="listener", daemon=True).start()

    def end(self) -> None:
        """Stop within a second or so."""
        self._ended.set()
        connection_created.disconnect(dispatch_uid="postgres-listener")

    def demand(self) -> None:
        """OperationalError at once where a connection would be waited for in vain."""
        if self.away:
            raise OperationalError("PostgreSQL is away.")

    def _meet(self, connection: Any, **_signal: Any) -> None:
        self.others.add(connection.connection)

    def _go_on(self) -> None:
        while not self._ended.is_set():
            try:
                asyncio.run(self._listen())
            except Exception as error:
                self._lost(error)

    async def _listen(self) -> None:
        how = {**connection.get_connection_params(), "autocommit": True, "cursor_factory": psycopg.AsyncCursor}
        async with asyncio.timeout(PATIENCE_SECONDS):
            heard = await psycopg.AsyncConnection.connect(**how)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await heard.execute(f"LISTEN {CHANNEL}")
            self.generation += 1  # whatever changed before this moment was told to nobody
            self.hears, self.away = True, False
            while not self._ended.is_set():
                async for _ in heard.notifies(timeout=PULSE_SECONDS):
                    self.generation += 1
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await heard.execute("SELECT 1")
        finally:
            heard.pgconn.finish()  # close() would wait for a server that may not answer

    def _lost(self, error: Exception) -> None:
        """A connection that broke is tried again at once; one that could not be made, or hangs, tells of the server."""
        heard, self.hears = self.hears, False
        silent = isinstance(error, TimeoutError)
        if heard and not silent:
            return
        # A server that is there but full has a code of another class: it still answers those it knows.
        code = getattr(error, "sqlstate", None)
        away = silent or (isinstance(error, psycopg.Error) and (code is None or code.startswith(STARTING_OR_STOPPING)))
        if not self.away:
            log.error("postgresql away" if away else "not listening", error=type(error).__name__, reason=str(error))
        self.away = away
        if silent:
            self._let_go()
        self._ended.wait(PAUSE_SECONDS)

    def _let_go(self) -> None:
        """End every wait of this process for a server that does not answer."""
        for other in list(self.others):
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(other.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


@contextmanager
def hearing(*channels: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that hears what is told on these channels: `notifies()` gives it. For one thread, in autocommit.

    Where POSTGRES runs, it is let go with the others when the server does not answer.
    """
    with psycopg.connect(**{**connection.get_connection_params(), "autocommit": True}) as heard:
        POSTGRES.others.add(heard)
        for channel in channels:
            heard.execute(f"LISTEN {channel}")
        yield heard


POSTGRES = Listener()
