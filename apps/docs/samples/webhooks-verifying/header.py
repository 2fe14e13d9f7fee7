import hashlib
import hmac


def is_genuine(raw_body: bytes, headers: dict[str, str], secret: str) -> bool:
    """Whether BetEdge signed these very bytes; header names in lower case."""
    digest = hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest()
    expected = f"sha256={digest}".encode()
    shown = (
        headers.get("x-betedge-signature", ""),
        headers.get("x-betedge-signature-previous", ""),  # while you rotate
    )
    # In constant time: how long it takes must not tell how much fits.
    return any(hmac.compare_digest(one.encode(), expected) for one in shown)
