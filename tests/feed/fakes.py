"""The far side of a socket: an HTTP server that answers what a test tells it to."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Reply = tuple[int, bytes]


def as_json(data: Any, status: int = 200) -> Reply:
    """A reply; texts are sent as they are, so that a test can send what is no JSON."""
    return status, data.encode() if isinstance(data, str) else json.dumps(data).encode()


@dataclass
class FarSide:
    """`answer(method, path)` decides; `asked` holds every path in order."""

    answer: Callable[[str, str], Reply]
    asked: list[str] = field(default_factory=list)
    url: str = ""
    stop: Callable[[], None] = lambda: None


@contextmanager
def far_side(answer: Callable[[str, str], Reply]) -> Iterator[FarSide]:
    """A server on a free port for as long as the block lasts."""
    side = FarSide(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            side.asked.append(self.path)
            status, body = side.answer(self.command, self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _reply

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    side.url = f"http://127.0.0.1:{server.server_address[1]}"

    def stop() -> None:
        server.shutdown()
        server.server_close()

    side.stop = stop
    try:
        yield side
    finally:
        stop()
