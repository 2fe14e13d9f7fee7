"""Requests as the limiter counts them, at a millisecond of the test's choosing."""

from apps.access.keys import hash_secret
from apps.access.limiter import Admission, decide
from apps.access.models import ApiKey
from apps.access.state import Identity, now_of
from apps.access.usage import Window, note_error
from apps.core.redis import link


def owner(key: ApiKey) -> Identity:
    return Identity.of(key.organization_id, key.pk)


def ask(key: ApiKey, *, at: int | None = None, endpoint: str = "picks", secret: str | None = None) -> Admission:
    """One request with the key, admitted or limited."""
    secret_hash = hash_secret(secret or key.secret)
    admission = decide(link(), owner(key), secret_hash=secret_hash, endpoint=endpoint, at=at)
    assert admission
    return admission


def fail(
    key: ApiKey,
    *,
    at: int,
    status: int = 404,
    code: str = "not_found",
    request_id: str = "r",
    endpoint: str = "picks",
    window: Window | None = None,
) -> None:
    """The answer to a request was an error."""
    note_error(
        who=owner(key), at_ms=at, endpoint=endpoint, request_id=request_id, status=status, code=code, window=window
    )


def redis_now_ms() -> int:
    return now_of(link())
