"""A store that did not answer is left alone for a second, so that not every caller waits for it."""

import time

REST_SECONDS = 1.0


class Away:
    """Of one store, as this process has last met it."""

    def __init__(self) -> None:
        self._until = 0.0

    def __bool__(self) -> bool:
        return time.monotonic() < self._until

    def found(self) -> None:
        self._until = time.monotonic() + REST_SECONDS

    def over(self) -> None:
        self._until = 0.0


REDIS_AWAY = Away()
