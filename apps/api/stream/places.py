"""How many streams of a key may be open, over all processes and machines: places in Redis that free themselves.

A place holds for 4.5 seconds and is kept every other one: a process that was killed leaves none behind by the time its
readers come back. A Redis that lost them is told of them anew, and of this process's own before any other is taken.
"""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import NamedTuple
from uuid import uuid4

import redis
import structlog

from apps.access.state import Identity, now_of
from apps.core.away import REDIS_AWAY
from apps.core.redis import Script, client, link

log = structlog.get_logger(__name__)

MOST_STREAMS = 5
HOLD_MS = 4_500  # shorter than blocks.RETRY_MS
TAKE = Script(files("apps.api.stream").joinpath("take.lua").read_text())
HELD: dict[str, tuple[str, ...]] = {}  # of this process's open streams; written by the event loop's thread alone


class Place(NamedTuple):
    """One open stream: the key's set of places, and the name under which it stands there."""

    among: str
    name: str


def take_place(who: Identity) -> Place | None:
    """A place for one more stream of the key; None where it has as many as it may. redis.RedisError."""
    place = Place(f"{who.tag}streams:{who.key}", uuid4().hex)
    held = HELD.get(place.among, ())
    taken = link().call(TAKE, [place.among], [MOST_STREAMS, HOLD_MS, place.name, *held])
    return place if taken else None


def hold_place(place: Place) -> None:
    """Have it kept from now on."""
    HELD[place.among] = (*HELD.get(place.among, ()), place.name)


def let_go(place: Place) -> None:
    """Have it kept no longer; `leave_place` frees it at once."""
    left = tuple(name for name in HELD[place.among] if name != place.name)
    if left:
        HELD[place.among] = left
    else:
        del HELD[place.among]


def keep_places(held: Mapping[str, Iterable[str]]) -> None:
    """Hold them for another 4.5 seconds. While Redis is away they cannot be kept: they are when it is back."""
    if not held:
        return
    try:
        until = now_of(link()) + HOLD_MS
        with client().pipeline(transaction=False) as commands:
            for among, names in held.items():
                commands.zadd(among, dict.fromkeys(names, until))
            commands.execute()
    except redis.RedisError as error:
        log.warning("places not kept", keys=len(held), error=type(error).__name__)
    except Exception:
        log.exception("places not kept")  # nobody else would hear of it


def leave_place(place: Place) -> None:
    """Free it at once; without Redis it frees itself."""
    if REDIS_AWAY:  # thousands may leave at once, and none of them is to wait for it
        return
    try:
        link().send("ZREM", place.among, place.name)
    except redis.RedisError as error:
        REDIS_AWAY.found()
        log.debug("place not left", error=type(error).__name__)
