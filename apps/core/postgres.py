"""Does PostgreSQL answer, and what does it tell? One thread of a web process listens, on a connection of its own."""

import threading

import psycopg
import structlog
from django.db import OperationalError, connection

log = structlog.get_logger(__name__)

CHANNEL = "picks_changed"
PULSE_SECONDS = 1.0  # how often a far end that tells nothing is asked whether it is there
SILENCE_MS = 5_000  # a network that swallows what is sent is a pause in listening too
PAUSE_SECONDS = 0.25
STARTING_OR_STOPPING = "57P"  # the class of codes with which a server says that it takes nobody now


class Listener:
    """`generation` is another number after every change that PostgreSQL told of, and after every pause in listening.

    What was made of PostgreSQL's data in a generation is as it is now, while `hears` and the generation stands.
    `away`: PostgreSQL takes no connection, so asking it would only cost time. Where the thread does not run (in
    every process but web) both are False.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.hears = False
        self.away = False
        self._ended = threading.Event()

    def begin(self) -> None:
        threading.Thread(target=self._go_on, name="listener", daemon=True).start()

    def end(self) -> None:
        """Stop within a second or so."""
        self._ended.set()

    def demand(self) -> None:
        """OperationalError at once where a connection would be waited for in vain."""
        if self.away:
            raise OperationalError("PostgreSQL is away.")

    def _go_on(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                if self.hears:  # a connection that broke is tried again at once
                    self.hears = False
                else:
                    self._refused(error)
                    self._ended.wait(PAUSE_SECONDS)

    def _listen(self) -> None:
        how = {**connection.get_connection_params(), "autocommit": True, "tcp_user_timeout": SILENCE_MS}
        with psycopg.connect(**how) as heard:
            heard.execute(f"LISTEN {CHANNEL}")
            self.generation += 1  # whatever changed before this moment was told to nobody
            self.hears, self.away = True, False
            while not self._ended.is_set():
                for _ in heard.notifies(timeout=PULSE_SECONDS):
                    self.generation += 1
                heard.execute("SELECT 1")

    def _refused(self, error: psycopg.Error) -> None:
        """A server that is there but full has a code of another class: it still answers those it knows."""
        away = error.sqlstate is None or error.sqlstate.startswith(STARTING_OR_STOPPING)
        if away and not self.away:
            log.error("postgresql away", error=type(error).__name__, reason=str(error).strip())
        self.away = away


POSTGRES = Listener()
