"""The proxy that the reference's EventSource sample asks for: it adds the key's header, and passes all else on."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.streams import until


def connected(port: int) -> http.client.HTTPConnection:
    """As soon as the server is there, as the front waits for one that is being restarted."""
    upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def connects() -> bool:
        with suppress(ConnectionRefusedError):
            upstream.connect()
        return upstream.sock is not None

    until(connects)
    return upstream


@contextmanager
def proxy(port: int, secret: str) -> Iterator[str]:
    """Its address, before the server on that port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            upstream = connected(port)
            passed_on = {name: self.headers[name] for name in ("Accept", "Last-Event-ID") if name in self.headers}
            with suppress(OSError, http.client.HTTPException):
                upstream.request("GET", self.path, headers={**passed_on, "Authorization": f"Bearer {secret}"})
                answer = upstream.getresponse()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.end_headers()
                while piece := answer.read1(65_536):
                    self.wfile.write(piece)
            upstream.close()

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
