"""Make one attempt to deliver: guard, dial, TLS, one POST, as much of the answer as is kept. Knows no database."""

import http.client
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ssl import CERT_NONE, SSLCertVerificationError, SSLContext, SSLEOFError, SSLError

from apps.webhooks.addresses import read_address
from apps.webhooks.answers import kept_text, retry_after
from apps.webhooks.guard import Endpoint, Guard, Unresolved
from apps.webhooks.tls import MOST_READ, MeteredSocket
from apps.webhooks.urls import InvalidUrl, Target
from apps.webhooks.watchdog import Watch, Watchdog

DEADLINE = 10.0  # seconds for a whole attempt, from the look-up to the answer's last byte
MOST_DIALLED = 3  # addresses of a name that are tried; the first that takes the connection is used
PIECE = 8 * 1024
ASKS_TO_WAIT = frozenset({429, 503})


class Failed(Exception):
    """An attempt came to nothing; str() is the sentence that says how."""


@dataclass(slots=True)
class Attempted:
    """What came of one attempt.

    address: the one that was dialled last, None if none was. status_code: None without an answer. duration_ms: of all
    of it, the look-up too. response_body: at most 2 KiB of text. retry_after: the seconds that a 429 or 503 asks to
    wait. error: a sentence, empty where it was delivered.
    """

    address: str | None = None
    status_code: int | None = None
    duration_ms: int = 0
    response_body: str = ""
    retry_after: float | None = None
    error: str = ""

    @property
    def delivered(self) -> bool:
        """The status decides: a receiver that said 2xx has it, whatever becomes of the rest of its answer."""
        return self.status_code is not None and 200 <= self.status_code < 300

    @property
    def gone(self) -> bool:
        """The receiver asks for no more, ever."""
        return self.status_code == 410


class Sender:
    """Sends webhooks; any number of threads may share one. Nothing is kept from one attempt to the next."""

    def __init__(self, guard: Guard, context: SSLContext, *, deadline: float = DEADLINE) -> None:
        """`context` is one of `tls_context`; ValueError for one that checks less. `deadline` is in seconds."""
        if context.verify_mode == CERT_NONE or not context.check_hostname or context.sslsocket_class != MeteredSocket:
            raise ValueError("Make the context with tls_context(): certificates are checked, answers are metered.")
        self.guard = guard
        self.context = context
        self.deadline = deadline
        self.watchdog = Watchdog()

    def send(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Attempted:
        """POST the body to the URL, once, within the deadline, and say what came of it."""
        began = time.monotonic()
        attempted = Attempted()
        try:
            target = self.guard.target(url)
            with self._dial(target, attempted, began + self.deadline) as sock:
                self._exchange(sock, target, body, headers, attempted, began + self.deadline)
        except (Failed, InvalidUrl, Unresolved) as error:
            attempted.error = str(error)
        attempted.duration_ms = round((time.monotonic() - began) * 1000)
        return attempted

    def _dial(self, target: Target, attempted: Attempted, until: float) -> socket.socket:
        """A connection to one of the addresses that the guard has just checked; it does not ask for them again."""
        with self._or_failed("The name was not looked up"):
            endpoints = self.guard.endpoints(target, seconds=until - time.monotonic())[:MOST_DIALLED]
        for tried, endpoint in enumerate(endpoints, start=1):
            attempted.address = str(endpoint.address)
            last = tried == len(endpoints)
            share = (until - time.monotonic()) / (len(endpoints) - tried + 1)
            with self._or_failed(f"No connection to {endpoint.address} was made") if last else suppress(OSError):
                return connect(endpoint, seconds=share)
        raise Unresolved(f"The name {target.host} has no address.")

    def _exchange(
        self,
        sock: socket.socket,
        target: Target,
        body: bytes,
        headers: Mapping[str, str],
        attempted: Attempted,
        until: float,
    ) -> None:
        with self.watchdog.watching(sock, until) as watch:
            with self._or_failed("TLS was not agreed on", watch):
                tls = self.context.wrap_socket(sock, server_hostname=target.host)
            assert isinstance(tls, MeteredSocket)
            with tls:
                with self._or_failed("No answer came", watch):
                    tls.sendall(request(target, body, headers))
                    answer = _answer(tls)
                _note(answer, _read(answer), headers, attempted)

    @contextmanager
    def _or_failed(self, sentence: str, watch: Watch | None = None) -> Iterator[None]:
        """Failed, in words, for whatever goes wrong on the network within the block."""
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            late = isinstance(error, TimeoutError) or (watch is not None and watch.fired)
            raise Failed(
                f"{sentence} within {self.deadline:g} s." if late else f"{sentence}: {_why(error)}."
            ) from error


def connect(endpoint: Endpoint, *, seconds: float) -> socket.socket:
    """A connection to exactly that address and port; OSError where there is none, TimeoutError after `seconds`."""
    sock = socket.socket(socket.AF_INET if endpoint.address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        sock.settimeout(max(seconds, 0.001))  # 0 would mean: do not wait at all
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((str(endpoint.address), endpoint.port))
        host, port = sock.getpeername()[:2]
        if (read_address(host), port) != endpoint:
            raise OSError(f"{host} answers in place of the address that was checked")
        sock.settimeout(None)  # from here on the watchdog ends what takes too long
    except BaseException:
        sock.close()
        raise
    return sock


def request(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes of a request, so that it leaves in one piece. The path is sent as it was registered."""
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
        "Accept-Encoding: identity",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("A header of a webhook holds a line break.")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _answer(tls: MeteredSocket) -> http.client.HTTPResponse:
    """The final answer, its body not yet read; interim ones (1xx) are passed over.

    http.client takes headers that break off for whole ones; whoever had to read to the end has not seen theirs.
    """
    answer = http.client.HTTPResponse(tls, method="POST")
    try:
        answer.begin()
        while 100 <= answer.status < 200 and answer.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            answer.headers = None  # type: ignore[assignment]  # until then begin() takes the answer for begun
            answer.begin()
    except (OSError, http.client.HTTPException):
        if tls.left:
            raise
    if tls.ended and not tls.left:
        raise Failed(f"No answer came whose headers end within {MOST_READ // 1024} KiB.")
    if tls.ended:
        raise ConnectionAbortedError
    return answer


def _read(answer: http.client.HTTPResponse) -> bytes:
    """As much of the body as comes: the status is known, and the body is kept for people only."""
    body = bytearray()
    with suppress(OSError, http.client.HTTPException):
        while piece := answer.read1(PIECE):
            body += piece
    return bytes(body)


def _note(answer: http.client.HTTPResponse, body: bytes, sent: Mapping[str, str], attempted: Attempted) -> None:
    attempted.status_code = answer.status
    attempted.response_body = kept_text(body, answer.headers, sent)
    if answer.status in ASKS_TO_WAIT:
        attempted.retry_after = retry_after(answer.headers, datetime.now(UTC))
    if 300 <= answer.status < 400:
        attempted.error = f"Answered {answer.status}; redirects are not followed."
    elif not attempted.delivered:
        attempted.error = f"Answered {answer.status}."


def _why(error: OSError | http.client.HTTPException) -> str:
    match error:
        case SSLCertVerificationError():
            return f"the certificate is not accepted ({error.verify_message.rstrip('.')})"
        case ConnectionRefusedError():
            return "it was refused"
        case ConnectionError() | SSLEOFError():  # http.client's RemoteDisconnected is one
            return "the connection was closed"
        case SSLError():
            return str(error.reason or error.strerror or error).lower().replace("_", " ")
        case OSError():
            return error.strerror or str(error)
    return "what came is not HTTP, or has too many headers"
