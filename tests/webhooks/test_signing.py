"""Signatures, held against the verifiers that customers use: the printed ones and those of Standard Webhooks."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import indent
from typing import Any, cast

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from apps.webhooks.signing import new_secret, signature, signed_headers
from tests.shared import SHARED, needs_shared

REFERENCE = SHARED / "seeds" / "betedge-api-v1.txt"
BODY = '{"id":"7","event":"pick.published","data":{"league":"Süper Lig – é 🎾","odds":1.91}}'.encode()


def headers(
    secret: str, *, previous: str | None = None, attempt: int = 1, now: datetime | None = None
) -> dict[str, str]:
    return signed_headers(
        BODY,
        event="pick.published",
        event_id="0b6f3c5e-6f0a-4d43-9a51-2f2c6b7b5a10",
        delivery_id="6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        attempt=attempt,
        secret=secret,
        previous=previous,
        now=now or datetime.now(UTC),
    )


def printed(beginning: str, end: str) -> str:
    """A part of the reference, as it is printed."""
    text = REFERENCE.read_text()
    start = text.index(beginning)
    return text[start : text.index(end, start)]


def printed_python() -> Callable[[bytes, str, str], bool]:
    """The Python verifier; the page has lost its indentation, which is given back."""
    head, begins, rest = printed("import hashlib, hmac", "Retry schedule").partition("-> bool:\n")
    program: dict[str, Any] = {}
    exec(head + begins + indent(rest, "    "), program)
    return cast(Callable[[bytes, str, str], bool], program["verify_betedge_signature"])


def test_a_secret_is_64_hex_digits_and_never_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{64}", secret) for secret in made)


def test_the_signature_is_hmac_sha256_under_the_characters_of_the_secret() -> None:
    assert signature(b"{}", "00" * 32) == "sha256=bf7a7052c89df14fdcfea6e44b3551129010b3c0bb3955e7b9f052d889b6e5c4"


@needs_shared
def test_the_printed_python_verifier_accepts_it_and_nothing_else() -> None:
    verify, secret = printed_python(), new_secret()
    sent = headers(secret)["X-BetEdge-Signature"]
    assert verify(BODY, sent, secret)
    assert not verify(BODY + b" ", sent, secret)
    assert not verify(BODY, sent, new_secret())


@needs_shared
@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_the_printed_node_verifier_accepts_it_and_nothing_else(tmp_path: Path) -> None:
    """Compiled to CommonJS by hand: the import becomes a require, the types go."""
    source = printed('import { createHmac } from "node:crypto";', "import hashlib, hmac")
    source = re.sub(r"import ({.*}) from (.*);", r"const \1 = require(\2);", source)
    source = re.sub(r": (string|boolean)\b", "", source)
    secret = new_secret()
    sent = headers(secret)["X-BetEdge-Signature"]
    asked = [[BODY.decode(), sent, secret], [BODY.decode() + " ", sent, secret], [BODY.decode(), sent, new_secret()]]
    asking = f"console.log(JSON.stringify({json.dumps(asked)}.map((one) => verifyBetEdgeSignature(...one))));"
    (tmp_path / "verify.cjs").write_text(source + "\n" + asking)
    done = subprocess.run(["node", tmp_path / "verify.cjs"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, False, False]


def test_the_library_of_standard_webhooks_takes_the_secret_as_it_is() -> None:
    secret = new_secret()
    assert Webhook(secret).verify(BODY, headers(secret)) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers(secret))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers(secret))


def test_an_old_attempt_cannot_be_played_again() -> None:
    secret = new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers(secret, now=datetime.now(UTC) - timedelta(minutes=6)))


@needs_shared
def test_while_a_secret_is_being_replaced_both_verify() -> None:
    verify = printed_python()
    new, old = new_secret(), new_secret()
    sent = headers(new, previous=old)
    assert verify(BODY, sent["X-BetEdge-Signature"], new)
    assert verify(BODY, sent["X-BetEdge-Signature-Previous"], old)
    for secret in (new, old):
        Webhook(secret).verify(BODY, sent)


def test_the_headers_of_an_attempt() -> None:
    now = datetime(2026, 5, 25, 14, 0, 0, 700_000, tzinfo=UTC)
    sent = headers(new_secret(), attempt=3, now=now)
    digest = base64.b64decode(sent.pop("webhook-signature").removeprefix("v1,"))
    assert len(digest) == 32
    assert re.fullmatch("sha256=[0-9a-f]{64}", sent.pop("X-BetEdge-Signature"))
    assert sent == {
        "Content-Type": "application/json",
        "User-Agent": "BetEdge-Webhooks/1",
        "X-BetEdge-Event": "pick.published",
        "X-BetEdge-Delivery": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        "X-BetEdge-Attempt": "3",
        "webhook-id": "0b6f3c5e-6f0a-4d43-9a51-2f2c6b7b5a10",
        "webhook-timestamp": "1779717600",
    }


def test_retries_differ_in_their_number_and_time_alone() -> None:
    secret, now = new_secret(), datetime.now(UTC)
    first, later = headers(secret, now=now), headers(secret, attempt=2, now=now + timedelta(minutes=1))
    assert {name for name in first if first[name] != later[name]} == {
        "X-BetEdge-Attempt",
        "webhook-timestamp",
        "webhook-signature",
    }
