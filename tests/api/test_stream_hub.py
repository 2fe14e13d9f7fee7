"""The hub by itself: heartbeats, and those who take nothing. The clock is the test's."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from apps.api.stream import app
from apps.api.stream.blocks import HEARTBEAT, PIECE_BYTES, RETRY_MS, pieces
from apps.api.stream.connection import MOST_BEHIND, Message, Stream
from apps.api.stream.hub import HEARTBEAT_SECONDS, Hub
from apps.api.stream.places import HOLD_MS
from apps.outbox.models import PUBLISHED
from apps.outbox.queries import Told


class Reader:
    """The far side of a stream: what it took, until it stops taking anything."""

    def __init__(self) -> None:
        self.taken = b""
        self.takes = asyncio.Event()
        self.takes.set()
        self.cut = False

    async def send(self, message: Message) -> None:
        await self.takes.wait()
        self.taken += message["body"]

    def hang_up(self) -> None:
        self.cut = True


def with_a_stream(act: Callable[[Hub, Reader, Stream], Awaitable[None]]) -> None:
    """Do it with one live stream of a hub."""

    async def scene() -> None:
        hub, reader = Hub(), Reader()
        opened: asyncio.Future[Stream] = asyncio.get_running_loop().create_future()

        async def connection() -> None:
            opened.set_result(Stream(reader.send, key="a", types=frozenset({PUBLISHED}), cut=reader.hang_up))
            await asyncio.Event().wait()

        task = asyncio.create_task(connection())
        stream = await opened
        hub.add(stream)
        hub.live.add(stream)
        await act(hub, reader, stream)
        task.cancel()

    asyncio.run(scene())


async def half_a_minute(hub: Hub, times: int = 1) -> None:
    for _ in range(times * HEARTBEAT_SECONDS):
        hub.tick()
        await asyncio.sleep(0)


def told(sequence: int, *, size: int = 0) -> Told:
    return Told(sequence, PUBLISHED, '{"data":{"pick":"' + "x" * size + '"}}')


def test_a_heartbeat_comes_every_thirty_seconds() -> None:
    async def scene(hub: Hub, reader: Reader, stream: Stream) -> None:
        for _ in range(HEARTBEAT_SECONDS - 1):
            hub.tick()
        await asyncio.sleep(0)
        assert reader.taken == b""
        hub.tick()
        await asyncio.sleep(0)
        assert reader.taken == HEARTBEAT == b": heartbeat\n\n"
        await half_a_minute(hub, 3)
        assert reader.taken == HEARTBEAT * 4

    with_a_stream(scene)


def test_who_takes_nothing_from_one_heartbeat_to_the_next_is_cut() -> None:
    async def scene(hub: Hub, reader: Reader, stream: Stream) -> None:
        reader.takes.clear()
        hub.tell([told(1)])
        await half_a_minute(hub)
        assert not reader.cut
        await half_a_minute(hub)
        assert reader.cut
        assert stream.ended

    with_a_stream(scene)


def test_who_takes_slowly_is_kept() -> None:
    async def scene(hub: Hub, reader: Reader, stream: Stream) -> None:
        for sequence in range(5):
            reader.takes.clear()
            hub.tell([told(sequence)])
            await half_a_minute(hub)
            reader.takes.set()
            await hub.settled()
            await stream.settled()
        assert not reader.cut
        assert reader.taken.count(b"event: ") == 5

    with_a_stream(scene)


def test_nobody_is_waited_for_without_bound() -> None:
    async def scene(hub: Hub, reader: Reader, stream: Stream) -> None:
        reader.takes.clear()
        sequence = 0
        while not stream.ended:
            sequence += 1
            hub.tell([told(sequence, size=10_000)])
            await asyncio.sleep(0)
            assert sum(map(len, stream.waiting)) <= MOST_BEHIND
        assert reader.cut
        assert sequence > 100

    with_a_stream(scene)


def test_all_are_given_the_same_bytes() -> None:
    async def scene(hub: Hub, reader: Reader, stream: Stream) -> None:
        hub.live |= {Stream(reader.send, key="b", types=stream.types, cut=reader.hang_up) for _ in range(3)}
        hub.tell([told(1), told(2)])
        assert len({id(each.waiting[0]) for each in hub.live}) == 1
        assert hub.position == 2

    with_a_stream(scene)


def test_a_burst_is_told_in_pieces_of_some_kilobytes() -> None:
    events = [told(sequence, size=10_000) for sequence in range(20)]
    found = pieces(events, {PUBLISHED})
    assert all(PIECE_BYTES <= len(piece) < 2 * PIECE_BYTES for piece in found[:-1])
    assert b"".join(found) == b"".join(piece for event in events for piece in pieces([event], {PUBLISHED}))
    assert pieces(events, set()) == []


def test_who_heard_more_elsewhere_is_told_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process it comes to has read up to 3, the one it comes from up to 5."""
    log = {sequence: told(sequence) for sequence in range(1, 8)}

    async def looked_up(after: int, until: int, _types: frozenset[str]) -> list[Told]:
        return [log[sequence] for sequence in range(after + 1, until + 1)]

    async def scene(hub: Hub, reader: Reader, stream: Stream) -> None:
        monkeypatch.setattr(app, "HUB", hub)
        monkeypatch.setattr(app, "looked_up", looked_up)
        monkeypatch.setattr(app, "PAUSE_SECONDS", 0)
        hub.live.clear()
        hub.tell([log[3]])
        stream.begin(lambda stream: app.catch_up(stream, 5))
        for sequences in ([4], [5, 6], [7]):
            await asyncio.sleep(0.01)
            hub.tell([log[sequence] for sequence in sequences])
        await stream.settled()
        while stream not in hub.live:
            await asyncio.sleep(0)
        ids = [line for line in reader.taken.decode().splitlines() if line.startswith("id: ")]
        assert ids == ["id: 5", "id: 6", "id: 7"]

    with_a_stream(scene)


def test_a_client_comes_back_when_a_killed_process_holds_its_place_no_longer() -> None:
    assert RETRY_MS > HOLD_MS
