"""What is kept of an answer."""

from datetime import UTC, datetime
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.webhooks.answers import kept_text, retry_after

NOW = datetime(2026, 5, 25, 14, 0, tzinfo=UTC)


def answered(**headers: str) -> Message:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


def test_text_is_kept_as_it_came() -> None:
    assert kept_text("Žádný <b>problém</b>\r\n\t🎾".encode(), answered(), {}) == "Žádný <b>problém</b>\r\n\t🎾"


@pytest.mark.parametrize("body", [b"x" * 5000, "é".encode() * 3000, "🎾".encode() * 3000, b"\xff" * 5000])
def test_no_more_than_two_kib_are_kept_and_no_character_is_cut(body: bytes) -> None:
    text = kept_text(body, answered(), {})
    assert 2044 < len(text.encode()) <= 2048
    assert text == text[0] * len(text)


def test_what_cannot_be_stored_or_shown_is_replaced() -> None:
    assert kept_text(b"a\0b\x1b[31mc\xff", answered(), {}) == "a\ufffdb\ufffd[31mc\ufffd"


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_a_body_in_no_coding_is_text(coding: str) -> None:
    assert kept_text(b"ok", answered(Content_Encoding=coding), {}) == "ok"


def test_every_signature_of_ours_is_struck_out_however_it_is_written() -> None:
    first, second, third = "ab" * 32, "q/+" * 14 + "A=", "z/8" * 14 + "B="
    sent = {"X-BetEdge-Signature": f"sha256={first}", "webhook-signature": f"v1,{second} v1,{third}", "webhook-id": "7"}
    body = f"{first} {second} {third} {second.replace('/', chr(92) + '/')} 7".encode()
    assert kept_text(body, answered(), sent) == "[signature] [signature] [signature] [signature] 7"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("99999999999", 604_800),
        ("Mon, 25 May 2026 14:02:00 GMT", 120),
        ("Mon, 25 May 2026 14:02:00 -0000", None),
        ("25 May 14:02:00 99999999999", None),
        ("Mon, 25 Foo 2026 14:02:00 GMT", None),
        ("Mon, 25 May 0000 14:02:00 GMT", 0),
        ("Mon, 25 May 2026 13:00:00 GMT", 0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("9" * 5000, None),
        ("Mon, 99 May 2026 14:02:00 GMT", None),
    ],
)
def test_retry_after_is_read(written: str, seconds: float | None) -> None:
    assert retry_after(answered(Retry_After=written), NOW) == seconds


@given(st.one_of(st.text(), st.text("MonMayGMT,:+- 0123456789", max_size=40)))
def test_any_retry_after_is_read_or_passed_over(written: str) -> None:
    seconds = retry_after(answered(Retry_After=written.replace("\r", "").replace("\n", "")), NOW)
    assert seconds is None or 0 <= seconds <= 604_800


def test_no_retry_after_is_none() -> None:
    assert retry_after(answered(), NOW) is None
