"""How the system tests wait: for what must become true, never for a length of time."""

import time
from collections.abc import Callable

from django.db import Error, connection


def eventually(
    true: Callable[[], object],
    *,
    within: float,
    what: str,
    meanwhile: Callable[[], object] = bool,
    pause: float = 0.05,
) -> None:
    """Poll until `true()`, every `pause` seconds; a database that is away for a moment counts as not yet."""
    until = time.monotonic() + within
    while True:
        meanwhile()
        try:
            if true():
                return
        except Error:
            connection.close()
        assert time.monotonic() < until, f"not within {within:g} s: {what}"
        time.sleep(pause)
