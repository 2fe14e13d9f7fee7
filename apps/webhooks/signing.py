"""Sign a webhook body. Knows no HTTP and no database."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

USER_AGENT = "BetEdge-Webhooks/1"


def new_secret() -> str:
    """64 lowercase hex digits from 32 random bytes; as base64, which they are too, 48 bytes of key."""
    return secrets.token_hex(32)


def signature(body: bytes, secret: str) -> str:
    """`sha256=<hex>`: the key is the secret's own characters, as the printed verifiers take it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(body: bytes, secret: str, *, message_id: str, timestamp: int) -> str:
    """`v1,<base64>` of Standard Webhooks: the key is the secret read as base64. `timestamp` in Unix seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(base64.b64decode(secret, validate=True), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(
    body: bytes,
    *,
    event: str,
    event_id: str,
    delivery_id: str,
    attempt: int,
    secret: str,
    previous: str | None,
    now: datetime,
) -> dict[str, str]:
    """Every header of one attempt, numbered from 1.

    previous: the secret that is being replaced, while it is valid: receivers that know only it can verify too.
    `webhook-id` is the event's: a receiver that remembers it counts an event once, however often it is sent.
    """
    valid = [secret, previous] if previous else [secret]
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-BetEdge-Event": event,
        "X-BetEdge-Delivery": delivery_id,
        "X-BetEdge-Attempt": str(attempt),
        "X-BetEdge-Signature": signature(body, secret),
        **({"X-BetEdge-Signature-Previous": signature(body, previous)} if previous else {}),
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            standard_signature(body, each, message_id=event_id, timestamp=timestamp) for each in valid
        ),
    }
