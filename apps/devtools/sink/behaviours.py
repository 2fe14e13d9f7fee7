"""What the sink may do with a request, as data: good receivers, and every kind of bad one."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

SLOW_SECONDS = 5.0
DRIP_SECONDS = 0.5
DRIPS = 100_000  # half a day of them: whoever waits for the end waits for ever
HUGE_PIECE = b"x" * 16 * 1024  # what one TLS record holds
HUGE_PIECES = 64 * 1024 * 1024 // len(HUGE_PIECE)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`wait` seconds after a request `said` is sent; then `piece`, `times` over, `pause` seconds apart.

    words: what was answered, for people. hangs_up: whether the connection is closed in the end.
    """

    words: str
    said: bytes = b""
    wait: float = 0.0
    piece: bytes = b""
    times: int = 0
    pause: float = 0.0
    hangs_up: bool = False


def behaviours(*, retry_after: int) -> Mapping[str, Behaviour]:
    """Every behaviour by its name; `retry_after`: the seconds that `429` asks to wait."""
    drip, huge = len(b".") * DRIPS, len(HUGE_PIECE) * HUGE_PIECES
    return {
        "ok": Behaviour("200", answer(200, b"ok\n")),
        "500": Behaviour("500", answer(500, b"It broke.\n")),
        "slow": Behaviour(f"200 after {SLOW_SECONDS:g} s", answer(200, b"At last.\n"), wait=SLOW_SECONDS),
        "drip": Behaviour("200, drop by drop", head(200, drip), piece=b".", times=DRIPS, pause=DRIP_SECONDS),
        "hang": Behaviour("nothing"),
        "redirect": Behaviour("302 to /ok", answer(302, b"", Location="/ok")),
        "gone": Behaviour("410", answer(410, b"Gone for good.\n")),
        "429": Behaviour(f"429, try in {retry_after} s", answer(429, b"", Retry_After=str(retry_after))),
        "close": Behaviour("nothing, hung up", hangs_up=True),
        "huge": Behaviour("200 and 64 MiB", head(200, huge), piece=HUGE_PIECE, times=HUGE_PIECES),
    }


def answer(status: int, body: bytes, **headers: str) -> bytes:
    """A whole answer; header names with _ for -."""
    return head(status, len(body), **headers) + body


def head(status: int, length: int, **headers: str) -> bytes:
    """The beginning of an answer whose body has `length` bytes."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Content-Type: text/plain", f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


NAMES = tuple(behaviours(retry_after=0))
