"""The ASGI application of the stream process: it opens streams, keeps them, and ends them."""

import asyncio
import resource
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import FrameType
from typing import Any

from django.db import Error as DatabaseAway
from django.db import connections

from apps.api.bodies import MOST_READ_AWAY, MOST_TAKEN
from apps.api.stream.blocks import greeting, pieces
from apps.api.stream.connection import Message, Send, Stream
from apps.api.stream.door import answer_to, head_of
from apps.api.stream.health import say_reading
from apps.api.stream.hub import HUB
from apps.api.stream.places import HELD, hold_place, keep_places, leave_place, let_go
from apps.api.stream.reader import Reader
from apps.api.v1.stream import Opened, Opening
from apps.outbox.queries import Told, events_after

Receive = Callable[[], Awaitable[Message]]
Scope = dict[str, Any]

PAGE = 50  # events that are read at once for a stream that catches up: so many a slow one holds
PAUSE_SECONDS = 0.5
TELL_TICKS = 2
START_SECONDS = 5.0  # for the first look at the log, before anybody is let in
LOOK_UPS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="look-ups")
PLACES = ThreadPoolExecutor(max_workers=1, thread_name_prefix="places")  # one: what is left must not be kept after it


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request, or carry the process through its life."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    opened = await answered(scope, receive, send)
    if opened is not None:
        scope["headers"].clear()  # up to 16 KiB that nobody asks for any more
        await carry(opened, receive, send, cut=scope["state"]["cut"])


async def answered(scope: Scope, receive: Receive, send: Send) -> Opened | None:
    """Send the answer, or the head of a stream; what was opened. The answer itself is 3 kB, and not kept meanwhile."""
    body = await taken(receive)
    answer = await asyncio.get_running_loop().run_in_executor(LOOK_UPS, answer_to, scope, body)
    await send(head_of(answer))
    if isinstance(answer, Opening) and scope["method"] == "GET":
        return answer.opened
    await send({"type": "http.response.body", "body": getattr(answer, "content", b"")})
    if isinstance(answer, Opening):  # HEAD asks whether it would be opened
        PLACES.submit(answer.close)
    return None


async def taken(receive: Receive) -> bytes:
    """The body, as much of it as is ever read; what is longer is read away, to a limit."""
    body, read = b"", 0
    while read <= MOST_READ_AWAY:
        message = await receive()
        piece = message.get("body", b"")
        read += len(piece)
        body = (body + piece)[: MOST_TAKEN + 1]
        if not message.get("more_body", False):
            break
    return body


async def carry(opened: Opened, receive: Receive, send: Send, *, cut: Callable[[], None]) -> None:
    """Keep a stream until the caller leaves, its key ends, it is too slow, or the process ends."""
    stream = Stream(send, key=opened.secret_hash, types=opened.types, cut=cut)
    begins_after = HUB.position if opened.begins_after is None else opened.begins_after
    hold_place(opened.place)
    HUB.add(stream)
    try:
        stream.begin(lambda stream: catch_up(stream, begins_after))
        while (await receive())["type"] != "http.disconnect":
            pass
    except asyncio.CancelledError:
        if not stream.ended:
            raise  # the server's own word, not ours
    finally:
        HUB.remove(stream)
        stream.stop_sending()
        let_go(opened.place)
        PLACES.submit(leave_place, opened.place)
    if stream.ended:
        await stream.finish()


async def catch_up(stream: Stream, position: int) -> None:
    """Send what was told before this stream was here, then count it among those that hear everything at once.

    Between the last look and that there is no pause, so nothing is passed over, and nothing told twice. The caller may
    come from another process, which told it more than has been read here yet.
    """
    await stream.say(greeting(position))
    while position != HUB.position:
        until = HUB.position
        events = await looked_up(position, until, stream.types) if position < until else None
        if events is None:
            stream.excuse()
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        for piece in pieces(events, stream.types):
            await stream.say(piece)
        position = events[-1].sequence if len(events) == PAGE else until
    HUB.live.add(stream)


async def looked_up(after: int, until: int, types: frozenset[str]) -> list[Told] | None:
    """The next events for one stream; None while PostgreSQL is away."""

    def look() -> list[Told] | None:
        try:
            return events_after(after, until=until, types=types, limit=PAGE)
        except DatabaseAway:
            return None
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(LOOK_UPS, look)


async def live(receive: Receive, send: Send) -> None:
    """From start to stop of the process."""
    await receive()
    allow_connections()
    loop = asyncio.get_running_loop()
    end_on_sigterm(loop)
    reader = Reader(HUB, loop)
    reader.begin()
    beating = loop.create_task(beat())
    await reading(until=loop.time() + START_SECONDS)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    reader.end()
    beating.cancel()
    PLACES.shutdown()
    await send({"type": "lifespan.shutdown.complete"})


def allow_connections() -> None:
    """Have as many open files as there may be: what a process is started with is often 1,024."""
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS names a limit that it does not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def reading(*, until: float) -> None:
    """Return when streams can be opened, or at that time of the loop's clock: then they are refused with a reason."""
    while not HUB.serves and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.02)


def end_on_sigterm(loop: asyncio.AbstractEventLoop) -> None:
    """The server ends when its last answer has: tell the streams to end as soon as it is told itself."""
    for number in (signal.SIGTERM, signal.SIGINT):
        before: Any = signal.getsignal(number)

        def end(number: int, frame: FrameType | None, before: Any = before) -> None:
            loop.call_soon_threadsafe(HUB.end_all)
            before(number, frame)

        signal.signal(number, end)


async def beat() -> None:
    """Once a second, whatever a second took: heartbeats. Every other time Redis is told of what is open and read."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    ticks = 0
    told = None
    while True:
        ticks += 1
        await asyncio.sleep(max(0.0, began + ticks - loop.time()))
        HUB.tick()
        if ticks % TELL_TICKS == 0 and (told is None or told.done()):
            told = PLACES.submit(tell_redis, dict(HELD), reads=HUB.reads)


def tell_redis(held: dict[str, tuple[str, ...]], *, reads: bool) -> None:
    keep_places(held)
    if reads:
        say_reading()
