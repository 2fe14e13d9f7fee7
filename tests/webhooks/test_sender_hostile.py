"""Receivers that are slow, silent, endless, broken or no HTTP at all: an attempt ends in time, and in words."""

import gzip
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.webhooks.sender import Attempted
from apps.webhooks.tls import MeteredSocket
from tests.webhooks.authority import Authority
from tests.webhooks.conftest import HOST
from tests.webhooks.receivers import Request, answering, endlessly, hanging, saying
from tests.webhooks.test_sender import Make, SenderTo, send

SHORT = 0.5  # seconds: the deadline where a test waits for it
ANSWER_PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 429 Wait\r\n",
        b"HTTP/1.0 204\r\n",
        b"HTTP/1.1 100\r\n",
        b"HTTP/1.1 103\r\n",
        b"\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: \xff\r\n",
        b"Retry-After: Mon, 25 May 99999 25:61:00 +99999999999\r\n",
        b"Retry-After: , , \r\n",
        b"Connection: close\r\n",
        b": \r\n",
        b" folded\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"\0\xff",
    ]
)
AnyAnswer = Callable[[bytes], Attempted]


@pytest.fixture
def any_answer(receivers: Make, sender_to: SenderTo) -> AnyAnswer:
    """Sends to a receiver that says the bytes it is given, and gives the outcome."""
    receiver = receivers()
    sender = sender_to(receiver)

    def ask(said: bytes) -> Attempted:
        receiver.behave = saying(said)
        return send(sender)

    return ask


# --- Receivers that take their time ------------------------------------------------------------------------------
def test_silence_ends_at_the_deadline(receivers: Make, sender_to: SenderTo) -> None:
    receiver = receivers(hanging)
    attempted = send(sender_to(receiver, deadline=SHORT))
    assert attempted.error == "No answer came within 0.5 s."
    assert attempted.duration_ms >= SHORT * 1000
    assert receiver.hung_up.wait(5)


def test_a_handshake_that_never_ends_ends_at_the_deadline(receivers: Make, sender_to: SenderTo) -> None:
    receiver = receivers(context=None)
    attempted = send(sender_to(receiver, deadline=SHORT))
    assert attempted.error == "TLS was not agreed on within 0.5 s."
    assert receiver.hung_up.wait(5)


@pytest.mark.parametrize(
    "drip",
    [
        endlessly(b"", b"H", 0.02),
        endlessly(b"HTTP/1.1 200 OK\r\n", b"a", 0.02),
        endlessly(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.02),
        endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
        endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.02),
    ],
)
def test_dripping_headers_end_at_the_deadline(receivers: Make, sender_to: SenderTo, drip: object) -> None:
    receiver = receivers(drip)
    attempted = send(sender_to(receiver, deadline=SHORT))
    assert not attempted.delivered
    assert attempted.error == "No answer came within 0.5 s."
    assert receiver.hung_up.wait(5)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("framing", [b"Content-Length: 1000000", b"Connection: close"])
def test_a_dripping_body_ends_at_the_deadline_and_the_status_counts(
    receivers: Make, sender_to: SenderTo, status: int, framing: bytes
) -> None:
    receiver = receivers(endlessly(b"HTTP/1.1 %d OK\r\n%s\r\n\r\n" % (status, framing), b".", 0.02))
    attempted = send(sender_to(receiver, deadline=SHORT))
    assert attempted.status_code == status
    assert set(attempted.response_body) == {"."}
    assert receiver.hung_up.wait(5)


def test_tickets_without_end_do_not_hold_a_thread(receivers: Make, sender_to: SenderTo, authority: Authority) -> None:
    """Records of TLS that hold no data: none of them is an answer."""
    context = authority.context(HOST)
    context.num_tickets = 1_000_000
    receiver = receivers(hanging, context=context)
    attempted = send(sender_to(receiver, deadline=SHORT))
    assert attempted.error.endswith("within 0.5 s.")
    assert receiver.hung_up.wait(5)


# --- Receivers that send too much, too little, or something else -----------------------------------------------------
@pytest.mark.parametrize("framing", [b"", b"Content-Length: 1000000000\r\n", b"Connection: keep-alive\r\n"])
def test_an_endless_body_is_read_to_its_limit_and_no_further(
    receivers: Make, sender_to: SenderTo, monkeypatch: pytest.MonkeyPatch, framing: bytes
) -> None:
    counts: list[int] = []
    metered = MeteredSocket.recv_into

    def counting(*args: Any) -> int:
        counts.append(metered(*args))
        return counts[-1]

    monkeypatch.setattr(MeteredSocket, "recv_into", counting)
    receiver = receivers(endlessly(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n", b"x" * 5000))
    attempted = send(sender_to(receiver))
    assert attempted.delivered
    assert attempted.response_body == "x" * 2048
    assert sum(counts) == 64 * 1024
    assert receiver.hung_up.wait(5)


@pytest.mark.parametrize(
    "flood",
    [
        endlessly(b"HTTP/1.1 200 OK\r\nA: ", b"a" * 1024),
        endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100),
        endlessly(b"", b"H" * 1024),
    ],
)
def test_headers_without_end_are_a_failure(receivers: Make, sender_to: SenderTo, flood: object) -> None:
    receiver = receivers(flood)
    attempted = send(sender_to(receiver))
    assert attempted.status_code is None
    assert attempted.error in (
        "No answer came whose headers end within 64 KiB.",
        "No answer came: what came is not HTTP, or has too many headers.",
    )
    assert receiver.hung_up.wait(5)


def test_ten_thousand_headers_are_a_failure(receivers: Make, sender_to: SenderTo) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"H%d: v\r\n" % number for number in range(10_000))
    attempted = send(sender_to(receivers(saying(head, b"\r\n"))))
    assert attempted.error == "No answer came: what came is not HTTP, or has too many headers."


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_not_unpacked(receivers: Make, sender_to: SenderTo, coding: str) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    attempted = send(sender_to(receivers(answering(200, bomb, Content_Encoding=coding))))
    assert attempted.delivered
    assert attempted.response_body == f"[{len(bomb)} bytes in the coding {coding}, not unpacked]"


@pytest.mark.parametrize("early", [b"", b"HTTP/1.1", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"])
def test_an_answer_that_breaks_off_within_its_headers_is_a_failure(
    receivers: Make, sender_to: SenderTo, early: bytes
) -> None:
    attempted = send(sender_to(receivers(saying(early))))
    assert attempted.error.startswith("No answer came: ")
    assert attempted.status_code is None


@pytest.mark.parametrize(
    "other",
    [b"SSH-2.0-OpenSSH_9.6\r\n", b"\0\0\1\0", b"HTTP/1.1 nine\r\n\r\n", b"HTTP/3.9 200\r\n\r\n", b"220 mail ready\r\n"],
)
def test_what_is_not_http_is_a_failure(receivers: Make, sender_to: SenderTo, other: bytes) -> None:
    attempted = send(sender_to(receivers(saying(other))))
    assert attempted.error == "No answer came: what came is not HTTP, or has too many headers."


@pytest.mark.parametrize(
    "broken",
    [
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
        b"Content-Length: 500\r\n\r\nhello",
        b"Content-Length: x\r\n\r\nhello",
    ],
)
def test_a_body_that_breaks_off_is_kept_as_far_as_it_came(receivers: Make, sender_to: SenderTo, broken: bytes) -> None:
    attempted = send(sender_to(receivers(saying(b"HTTP/1.1 200 OK\r\n" + broken))))
    assert attempted.delivered
    assert attempted.response_body == "hello"


@given(st.one_of(st.binary(), st.lists(ANSWER_PIECES, max_size=12).map(b"".join)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_receiver_says_an_attempt_has_an_outcome(any_answer: AnyAnswer, said: bytes) -> None:
    attempted = any_answer(said)
    assert attempted.delivered == (not attempted.error)
    assert attempted.delivered == (attempted.status_code in range(200, 300))
    assert "\0" not in attempted.response_body


def test_echoed_signatures_are_struck_out(receivers: Make, sender_to: SenderTo) -> None:
    def echo(connection: ssl.SSLSocket, request: Request) -> None:
        answering(500, repr(request.headers).encode())(connection, request)

    attempted = send(sender_to(receivers(echo)))
    assert "[signature]" in attempted.response_body
    assert "ab" * 32 not in attempted.response_body
