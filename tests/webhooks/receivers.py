"""Receivers of webhooks on this machine, each as well or as badly behaved as a test wants."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.wire import hang_up


@dataclass
class Request:
    """What arrived, byte for byte."""

    line: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[ssl.SSLSocket, Request], None]


def answering(status: int = 200, body: bytes = b"", **headers: str) -> Behaviour:
    """A whole answer; header names with _ for -."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return saying("\r\n".join([*lines, "", ""]).encode() + body)


def saying(*pieces: bytes) -> Behaviour:
    """Exactly these bytes."""

    def behave(connection: ssl.SSLSocket, _request: Request) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return behave


def endlessly(beginning: bytes, piece: bytes, pause: float = 0.0) -> Behaviour:
    """The beginning, and then the same piece again and again until the sender has had enough."""

    def behave(connection: ssl.SSLSocket, _request: Request) -> None:
        connection.sendall(beginning)
        tired = threading.Event()
        while True:
            connection.sendall(piece)
            tired.wait(pause)

    return behave


OK = answering()


def hanging(connection: ssl.SSLSocket, _request: Request) -> None:
    """Not a word; ends when the sender hangs up."""
    connection.recv(1)


@dataclass
class Receiver:
    """Listens on a port of its own, one thread a connection. `context` None: plain TCP, on which nothing is read.

    reached: the address and port at which each connection arrived.
    """

    context: ssl.SSLContext | None
    behave: Behaviour = OK
    host: str = "127.0.0.1"
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    reached: list[tuple[str, int]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.listener = socket.create_server((self.host, self.port), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.open: set[socket.socket] = set()
        if self.context:
            self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        hang_up(self.listener)
        for connection in list(self.open):
            hang_up(connection)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _from = self.listener.accept()
                self.reached.append(connection.getsockname()[:2])
                self.open.add(connection)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            if self.context is None:
                self._wait(connection)
            else:
                connection = self._wrap(connection)
                request = read_request(connection)
                self.requests.append(request)
                self.behave(connection, request)
        hang_up(connection)
        self.open.discard(connection)
        self.hung_up.set()

    def _wrap(self, connection: socket.socket) -> ssl.SSLSocket:
        assert self.context
        self.open.discard(connection)
        tls = self.context.wrap_socket(connection, server_side=True)
        self.open.add(tls)
        return tls

    def _wait(self, connection: socket.socket) -> None:
        while connection.recv(65_536):
            pass


def read_request(connection: socket.socket) -> Request:
    """One request; OSError where the connection ends before."""
    head, _, body = _until(connection, lambda got: b"\r\n\r\n" in got).partition(b"\r\n\r\n")
    line, *rest = head.decode("ascii").split("\r\n")
    headers = dict(header.split(": ", 1) for header in rest)
    length = int(headers["Content-Length"])
    while len(body) < length:
        body += _until(connection, bool)
    return Request(line, headers, body)


def _until(connection: socket.socket, enough: Callable[[bytes], bool]) -> bytes:
    got = b""
    while not enough(got):
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionError("The sender went away.")
        got += piece
    return got
