"""How many streams of a key may be open, over all processes and machines: places in Redis that free themselves.

A place holds for six seconds and is kept every other one. A process that was killed leaves none behind; a Redis that
lost them is told of them anew.
"""

from collections import defaultdict
from collections.abc import Iterable
from importlib.resources import files
from typing import NamedTuple
from uuid import uuid4

import redis
import structlog

from apps.access.state import Identity, now_of
from apps.core.away import REDIS_AWAY
from apps.core.redis import Script, Word, link

log = structlog.get_logger(__name__)

MOST_STREAMS = 5
HOLD_MS = 6_000
TAKE = Script(files("apps.api.stream").joinpath("take.lua").read_text())


class Place(NamedTuple):
    """One open stream: the key's set of places, and the name under which it stands there."""

    among: str
    name: str


def take_place(who: Identity) -> Place | None:
    """A place for one more stream of the key; None where it has as many as it may. redis.RedisError."""
    place = Place(f"{who.tag}streams:{who.key}", uuid4().hex)
    taken = link().call(TAKE, [place.among], [place.name, MOST_STREAMS, HOLD_MS])
    return place if taken else None


def keep_places(places: Iterable[Place]) -> None:
    """Hold them for another six seconds. While Redis is away they cannot be kept: they are when it is back."""
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for place in places:
        by_key[place.among].append(place.name)
    if not by_key:
        return
    try:
        mine = link()
        until = now_of(mine) + HOLD_MS
        commands: list[tuple[Word, ...]] = []
        for among, names in by_key.items():
            commands.append(("ZADD", among, *(word for name in names for word in (until, name))))
            commands.append(("PEXPIRE", among, HOLD_MS))
        mine.send_all(commands)
    except redis.RedisError as error:
        log.warning("places not kept", keys=len(by_key), error=type(error).__name__)
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
