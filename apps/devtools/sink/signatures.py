"""Check a delivery's signatures as a careful receiver does; written apart from the code that signs."""

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Literal

Verdict = Literal["ok", "WRONG", "not checked"]


def verdict(headers: Mapping[str, str], body: bytes, secrets: Collection[str]) -> Verdict:
    """Whether one of the secrets has signed it in both ways; `headers` by their lower-case names.

    While a secret is being replaced, either one counts. The time stamp is not judged: a recording may be replayed.
    """
    if not secrets:
        return "not checked"
    signed = any(_by_body(headers, body, secret) and _standard(headers, body, secret) for secret in secrets)
    return "ok" if signed else "WRONG"


def _by_body(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """X-BetEdge-Signature: the secret's characters are the key."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    shown = [headers.get(name, "") for name in ("x-betedge-signature", "x-betedge-signature-previous")]
    return any(hmac.compare_digest(expected.encode(), each.encode()) for each in shown)


def _standard(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Standard Webhooks: the secret read as base64 is the key, and id and time are signed too."""
    try:
        key = base64.b64decode(secret, validate=True)
    except ValueError:
        return False
    signed = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    shown = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected.encode(), each.encode()) for each in shown)
