"""What is kept of a receiver's answer: a little of it, as text that can be stored and shown, without our signatures."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.message import Message
from email.utils import parsedate_to_datetime

MOST_KEPT = 2 * 1024  # bytes of UTF-8
UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # PostgreSQL's text takes no NUL, logs no escapes
# The one form that HTTP dates are written in today; the reader of mail's dates raises all sorts of errors for others.
HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
LONGEST_WAIT = 7 * 24 * 3600.0  # seconds; longer is no time anybody means


def kept_text(body: bytes, answered: Message, sent: Mapping[str, str]) -> str:
    """At most 2 KiB of an answer's body as text; one that came compressed is not unpacked, only described.

    sent: our headers, in case the receiver echoes them: their signatures are struck out.
    """
    coding = answered.get("Content-Encoding", "identity").strip().lower()
    if body and coding not in ("", "identity"):
        return f"[{len(body)} bytes in the coding {UNSHOWABLE.sub('', coding)[:40]}, not unpacked]"
    text = UNSHOWABLE.sub("\ufffd", body.decode(errors="replace"))
    for signature in _signatures(sent):
        # JSON may write a slash as \/.
        text = text.replace(signature, "[signature]").replace(signature.replace("/", r"\/"), "[signature]")
    return text.encode()[:MOST_KEPT].decode(errors="ignore")


def retry_after(answered: Message, now: datetime) -> float | None:
    """The seconds that `Retry-After` asks to wait, 0 or more; None where it is absent or cannot be read."""
    written = answered.get("Retry-After", "").strip()
    if written.isascii() and written.isdigit() and len(written) < 12:
        return min(float(written), LONGEST_WAIT)
    if not HTTP_DATE.fullmatch(written):
        return None
    try:
        then = parsedate_to_datetime(written)
    except ValueError:  # a 32nd of May
        return None
    return min(max((then - now).total_seconds(), 0.0), LONGEST_WAIT)


def _signatures(sent: Mapping[str, str]) -> list[str]:
    """The bare digests in our headers: hex behind `sha256=`, base64 behind each `v1,`."""
    values = [value for name, value in sent.items() if "signature" in name.lower()]
    return [digest for value in values for part in value.split() if (digest := re.sub(r"^(sha256=|v1,)", "", part))]
