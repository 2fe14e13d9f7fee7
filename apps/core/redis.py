"""The ways to Redis: one pool for a process, and one link for each thread where every microsecond counts."""

import hashlib
import socket
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import hiredis
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.connection import DefaultParser
from redis.exceptions import NoScriptError
from redis.retry import Retry

RUN_DIGITS = 12  # of 40: enough to tell one run from another, and short in every name
RECEIVED_BYTES = 64 * 1024
TIMEOUT_SECONDS = 1.0  # of a link: who asks over one holds up a caller
Word = str | int | bytes
_pack: Any = hiredis.pack_command  # typed as if a command were one word


@cache
def client() -> "redis.Redis":
    """The shared client; commands fail within 2 s when Redis is away (redis.exceptions.ConnectionError)."""
    return redis.Redis.from_url(
        settings.REDIS_URL, decode_responses=True, socket_timeout=2, socket_connect_timeout=2, max_connections=32
    )


class Script:
    """A Lua script and the name by which Redis keeps it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


class Link:
    """One connection, of one thread, asked past redis-py: half of the pool's client's time a call is not Redis's.

    `run` names the run of the server at the far end, read anew with every connection: what an earlier run or another
    server kept can so be told apart. All methods raise redis.RedisError when Redis is away.
    """

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(
            url,
            decode_responses=True,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._connection: Any = pool.make_connection()
        self._received = bytearray(RECEIVED_BYTES)
        self._run = ""

    @property
    def run(self) -> str:
        """The server's run_id; connects if need be."""
        if not self._run:
            self._meet()
        return self._run

    def _meet(self) -> None:
        self._connection.connect()  # to where the URL says, by TLS and with a password if it says so; then past it
        self._socket: socket.socket = self._connection._sock
        self._reader: Any = hiredis.Reader(encoding="utf-8", replyError=DefaultParser.parse_error)
        information: str = self._exchange(("INFO", "server"))
        self._run = information.partition("run_id:")[2][:RUN_DIGITS]

    def send(self, *command: Word) -> Any:
        """One command's answer. An answer that is an error is raised."""
        if not self._run:
            self._meet()
        return self._exchange(command)

    def _exchange(self, command: Sequence[Word]) -> Any:
        try:
            self._socket.sendall(_pack(command))
            answer = self._answer()
        except BaseException as error:  # what is still to come would be taken for the next call's answer
            self.close()
            if isinstance(error, TimeoutError):
                raise redis.TimeoutError("Redis did not answer in time.") from error
            if isinstance(error, OSError):
                raise redis.ConnectionError(f"Redis went away: {error}") from error
            raise
        if isinstance(answer, redis.RedisError):
            raise answer
        return answer

    def _answer(self) -> Any:
        while (answer := self._reader.gets()) is False:
            size = self._socket.recv_into(self._received)
            if size == 0:
                raise ConnectionResetError("it closed the connection")
            self._reader.feed(self._received, 0, size)
        return answer

    def call(self, script: Script, keys: Sequence[str], arguments: Sequence[Word]) -> Any:
        """Run a script, by name where Redis knows it."""
        words = (len(keys), *keys, *arguments)
        try:
            return self.send("EVALSHA", script.sha, *words)
        except NoScriptError:
            return self.send("EVAL", script.source, *words)

    def close(self) -> None:
        self._run = ""
        self._connection.disconnect()


_links = threading.local()


def link() -> Link:
    """This thread's own link to the Redis of the settings."""
    mine: Link | None = getattr(_links, "mine", None)
    if mine is None or _links.url != settings.REDIS_URL:
        mine = _links.mine = Link(settings.REDIS_URL)
        _links.url = settings.REDIS_URL
    return mine
