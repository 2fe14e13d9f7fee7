"""The sink's HTTPS side: thousands of short connections a second on one event loop.

asyncio's own TLS copies every byte through two buffers and calls six methods a connection; a TLS socket that the loop
only watches took 310 µs of CPU for a connection and its request, asyncio's streams of TLS 390.
"""

import asyncio
import re
import socket
import ssl
from contextlib import suppress

from apps.devtools.sink.behaviours import Behaviour, answer
from apps.devtools.sink.sink import Sink, clocks

BACKLOG = 4_096
AT_ONCE = 64  # connections taken before those that are open get their turn
BREATH = 0.1  # seconds until more are taken when the process has no descriptors left
PIECE = 64 * 1024
FULL_SECONDS = 0.02  # until a socket whose buffer is full is tried again
MOST_HEAD = 64 * 1024
MOST_BODY = 1024 * 1024
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*(?:\r|$)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
CLOSING = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)


class Refused(Exception):
    """A request that is not read to its end; the status says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Receiver:
    """Takes connections from a listening socket for as long as it is open."""

    def __init__(self, sink: Sink, listener: socket.socket, context: ssl.SSLContext) -> None:
        self.sink = sink
        self.listener = listener
        self.context = context
        self.loop = asyncio.get_running_loop()
        self.open: set[Connection] = set()
        listener.setblocking(False)
        listener.listen(BACKLOG)
        self._watch()

    def close(self) -> None:
        """Take no more, and hang up on all that are open."""
        self.loop.remove_reader(self.listener)
        self.listener.close()
        for connection in list(self.open):
            connection.close()

    def _watch(self) -> None:
        if self.listener.fileno() >= 0:
            self.loop.add_reader(self.listener, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                end, _from = self.listener.accept()
            except BlockingIOError:
                return
            except OSError:  # no descriptors left: the listener stays readable, and would be tried without a pause
                self.loop.remove_reader(self.listener)
                self.loop.call_later(BREATH, self._watch)
                return
            with suppress(OSError):  # gone again already
                Connection(self, end)


class Connection:
    """One caller: agree on TLS, read a request, answer it as the sink behaves there, and the next one."""

    __slots__ = ("agreed", "began", "buffer", "receiver", "tls")

    def __init__(self, receiver: Receiver, end: socket.socket) -> None:
        end.setblocking(False)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.receiver = receiver
        self.tls = receiver.context.wrap_socket(end, server_side=True, do_handshake_on_connect=False)
        self.agreed = False
        self.buffer = b""
        self.began = (0.0, 0.0)
        receiver.open.add(self)
        receiver.loop.add_reader(self.tls, self._readable)

    def close(self) -> None:
        if self in self.receiver.open:
            self.receiver.open.discard(self)
            self.receiver.loop.remove_reader(self.tls)
            self.tls.close()

    def _readable(self) -> None:
        try:
            if not self.agreed:
                self.tls.do_handshake()
                self.agreed = True
            piece = self.tls.recv(PIECE)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:  # no TLS, or not one that trusts us, or gone
            piece = b""
        if not piece:
            self.close()
            return
        if not self.buffer:
            self.began = clocks()
        self.buffer += piece
        try:
            self._read()
        except Refused as refusal:
            self._send(answer(refusal.status, b""))
            self.close()

    def _read(self) -> None:
        """Answer the request, once all of it is there; Refused for one that is too large or of no known length."""
        head, ends, body = self.buffer.partition(b"\r\n\r\n")
        if len(head) > MOST_HEAD:
            raise Refused(431)
        if not ends:
            return
        length = _length(head)
        if len(body) < length:
            return
        words = head.split(b" ", 2)
        if len(words) < 3:
            raise Refused(400)
        self.buffer = b""
        path = words[1].decode("latin-1")
        behaviour = self.receiver.sink.behaviour(path)
        closing = behaviour.hangs_up or CLOSING.search(head) is not None
        if behaviour.wait:
            self.receiver.loop.call_later(behaviour.wait, self._answer, behaviour, closing)
        else:
            self._answer(behaviour, closing)
        self.receiver.sink.note(path, head, body[:length], self.began, behaviour)

    def _answer(self, behaviour: Behaviour, closing: bool) -> None:
        if behaviour.said:
            self._send(behaviour.said)
        if behaviour.times:
            self._pour(behaviour, behaviour.times)
        elif behaviour.hangs_up or (closing and behaviour.said):  # who is told nothing is not let go either
            self.close()

    def _pour(self, behaviour: Behaviour, left: int) -> None:
        """Send the rest of a long answer piece by piece, until its end or until the caller has had enough."""
        loop, pause = self.receiver.loop, behaviour.pause
        if self not in self.receiver.open:
            return
        try:
            self.tls.send(behaviour.piece)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            left, pause = left + 1, FULL_SECONDS
        except OSError:
            self.close()
            return
        if left > 1:
            loop.call_later(pause, self._pour, behaviour, left - 1)

    def _send(self, said: bytes) -> None:
        """A few hundred bytes: there is always room for them."""
        if self in self.receiver.open:
            with suppress(OSError):
                self.tls.send(said)


def _length(head: bytes) -> int:
    """Of the body, in bytes."""
    if CHUNKED.search(head):
        raise Refused(411)
    found = LENGTH.search(head)
    length = int(found[1]) if found else 0
    if length > MOST_BODY:
        raise Refused(413)
    return length
