"""The open streams of this process: every event goes to all of them as the same bytes."""

import asyncio
from collections.abc import Collection, Sequence

from apps.api.stream.blocks import HEARTBEAT, pieces
from apps.api.stream.connection import Stream
from apps.outbox.queries import Told

HEARTBEAT_SECONDS = 30
PATIENCE_SECONDS = 0.5  # for those who read slowly, when more events stand behind these


class Hub:
    """`open`: every stream. Those in `live` have been sent all up to `position`, the last event that came.

    All methods are of the event loop's thread. `serves` may be read anywhere: whether streams can be opened now.
    """

    def __init__(self) -> None:
        self.open: set[Stream] = set()
        self.live: set[Stream] = set()
        self.position = 0
        self.reads = False  # the log is being read: what is committed is told within a second
        self.ends = False
        self._turns: list[set[Stream]] = [set() for _ in range(HEARTBEAT_SECONDS)]
        self._turn = 0

    @property
    def serves(self) -> bool:
        return self.reads and not self.ends

    def add(self, stream: Stream) -> None:
        """Count it among the open ones; its heartbeats begin half a minute from now."""
        self.open.add(stream)
        self._turns[self._turn].add(stream)
        if self.ends:
            stream.end()

    def remove(self, stream: Stream) -> None:
        self.open.discard(stream)
        self.live.discard(stream)
        for turn in self._turns:
            turn.discard(stream)

    def tell(self, events: Sequence[Told]) -> None:
        """Give the next events to all who have seen everything before them."""
        if not events:
            return
        self.position = events[-1].sequence
        contents: dict[frozenset[str], list[bytes]] = {}
        for stream in tuple(self.live):
            if stream.types not in contents:
                contents[stream.types] = pieces(events, stream.types)
            for content in contents[stream.types]:
                stream.give(content)

    async def settled(self) -> None:
        """Return when every stream is done with what it was given, or has been waited for long enough."""
        sending = [asyncio.ensure_future(stream.settled()) for stream in self.live if stream.waiting]
        if sending:
            await asyncio.wait(sending, timeout=PATIENCE_SECONDS)
            for each in sending:
                each.cancel()

    def keys(self) -> set[str]:
        return {stream.key for stream in self.open}

    def end_without(self, keys: Collection[str], *, asked: Collection[str]) -> None:
        """End the streams whose key was asked for and is not among these, which still open the stream."""
        for stream in tuple(self.open):
            if stream.key in asked and stream.key not in keys:
                stream.end()

    def end_all(self) -> None:
        """End every stream, and take no more."""
        self.ends = True
        for stream in tuple(self.open):
            stream.end()

    def tick(self) -> None:
        """Once a second: a heartbeat to those whose turn it is."""
        self._turn = (self._turn + 1) % HEARTBEAT_SECONDS
        for stream in tuple(self._turns[self._turn]):
            stream.beat(HEARTBEAT)


HUB = Hub()
