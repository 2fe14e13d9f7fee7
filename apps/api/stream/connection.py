"""One open stream: what it is given is sent in order, by a task that lives only while there is something to send."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

Message = dict[str, Any]
Send = Callable[[Message], Coroutine[Any, Any, None]]

MOST_BEHIND = 1024 * 1024  # bytes given and not yet taken; all streams share the same ones
LAST_WORD_SECONDS = 1.0
BUFFER_BYTES = 16 * 1024  # what a connection itself may hold of them before it is waited for


def part(content: bytes) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": True}


class Stream:
    """All methods are of the event loop's thread. `key`: what proves that the stream may go on."""

    __slots__ = ("_sending", "_still", "behind", "cut", "ended", "key", "send", "task", "types", "waiting")

    def __init__(self, send: Send, *, key: str, types: frozenset[str], cut: Callable[[], None]) -> None:
        self.send = send
        self.key = key
        self.types = types
        self.cut = cut  # drops the connection, with what it holds
        self.task = asyncio.current_task()
        self.waiting: list[bytes] = []
        self.behind = 0
        self.ended = False
        self._sending: asyncio.Task[None] | None = None
        self._still = False  # what was being sent half a minute ago is being sent still

    def begin(self, first: Callable[["Stream"], Awaitable[None]]) -> None:
        """Send by `first`; what is given meanwhile comes after it."""
        self._sending = asyncio.create_task(self._go_on(first))

    def give(self, content: bytes) -> None:
        """Send it when its turn comes. Who takes too little of it is dropped, and can resume."""
        if self.ended:
            return
        self.behind += len(content)
        if self.behind > MOST_BEHIND:
            self.drop()
            return
        self.waiting.append(content)
        if self._sending is None:
            self._sending = asyncio.create_task(self._go_on())

    def beat(self, content: bytes) -> None:
        """Give a heartbeat; drop who has taken nothing since the one before."""
        if self._still:
            self.drop()
            return
        self._still = self._sending is not None
        if not self._still:
            self.give(content)

    def drop(self) -> None:
        """End it, whatever was not sent yet."""
        self.end()
        self.cut()

    def end(self) -> None:
        """Wake the stream's task, which then ends it."""
        if not self.ended and self.task is not None:
            self.ended = True
            self.task.cancel()

    def stop_sending(self) -> None:
        self.waiting.clear()
        if self._sending is not None:
            self._sending.cancel()

    async def settled(self) -> None:
        """Return when all that was given is off."""
        if self._sending is not None:
            await asyncio.wait([self._sending])

    async def say(self, content: bytes) -> None:
        """Send it now; only from `first`."""
        await self.send(part(content))
        self.excuse()

    def excuse(self) -> None:
        """It is not the reader's fault that nothing was taken."""
        self._still = False

    async def finish(self) -> None:
        """The last word, if it is taken at once."""
        try:
            await asyncio.wait_for(self.send({"type": "http.response.body", "body": b""}), LAST_WORD_SECONDS)
        except TimeoutError:
            self.cut()

    async def _go_on(self, first: Callable[["Stream"], Awaitable[None]] | None = None) -> None:
        try:
            if first is not None:
                await first(self)
            while self.waiting:
                content = self.waiting.pop(0)
                self.behind -= len(content)
                await self.say(content)
        finally:
            self._sending = None
