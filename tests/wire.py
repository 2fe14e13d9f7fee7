"""A wire to a server, which a test can cut and mend."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """Forwards every connection to a server while it is whole; cut, it drops and refuses them like a dead server."""

    def __init__(self, host: str, port: int) -> None:
        self.far_side = host, port
        self.ends: set[socket.socket] = set()
        self.listener: socket.socket | None = None
        self.port = 0
        self.flows = threading.Event()
        self.flows.set()
        self.mend()

    def mend(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def cut(self) -> None:
        if self.listener is not None:
            hang_up(self.listener)
            self.listener = None
        for end in list(self.ends):
            hang_up(end)

    def freeze(self) -> None:
        """Connections stay open, and nothing comes through: a server that hangs."""
        self.flows.clear()

    def thaw(self) -> None:
        self.flows.set()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _address = listener.accept()
                far = socket.create_connection(self.far_side)
                self.ends |= {near, far}
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=[source, target], daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                self.flows.wait()
                target.sendall(piece)
        for end in (source, target):
            self.ends.discard(end)
            hang_up(end)


def hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def wire_to(host: str, port: int) -> Iterator[Wire]:
    wire = Wire(host, port)
    try:
        yield wire
    finally:
        wire.thaw()
        wire.cut()
