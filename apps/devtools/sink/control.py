"""The sink's control address: what arrived, and how to behave; plain HTTP, for programs on this machine."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apps.devtools.sink.arrivals import headers_of
from apps.devtools.sink.behaviours import answer
from apps.devtools.sink.sink import EVERYWHERE, Sink

MOST_TOLD = 1_000  # arrivals in one answer; who asks on gets the next
MOST_BODY = 64 * 1024
Asked = Mapping[str, Any]  # the query's fields, or the body's


class Refused(Exception):
    """What is asked cannot be done; str() is a sentence that says why."""


async def serve_control(sink: Sink, host: str, port: int) -> asyncio.Server:
    """Listen, 0 for any free port; OSError where that is not to be had."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.write(await _answer(sink, reader))
            await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, host, port)


async def _answer(sink: Sink, reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
    try:
        method, target = head.decode("latin-1").split(" ")[:2]
        length = int(headers_of(head).get("content-length", "0"))
        if not 0 <= length <= MOST_BODY:
            raise Refused(f"A body has at most {MOST_BODY} bytes.")
        body = await reader.readexactly(length)
        parts = urlsplit(target)
        respond = ROUTES.get((method, parts.path))
        if respond is None:
            raise Refused("There are " + ", ".join(" ".join(route) for route in ROUTES) + ".")
        asked = _body(body) if method == "POST" else {name: last[-1] for name, last in parse_qs(parts.query).items()}
        return answer(200, respond(sink, asked), Connection="close")
    except (Refused, ValueError) as error:
        return answer(400, f"{error}\n".encode(), Connection="close")


def _body(body: bytes) -> Asked:
    told = json.loads(body or b"{}")
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise Refused("The body is a JSON object whose values are text.")
    return told


def _arrivals(sink: Sink, asked: Asked) -> bytes:
    return b"".join(arrival.as_json() for arrival in sink.arrivals.since(int(asked.get("since", "0")), MOST_TOLD))


def _state(sink: Sink, _asked: Asked) -> bytes:
    kept = sink.arrivals.kept
    state = {"total": sink.arrivals.total, "oldest_kept": kept[0].number if kept else None, "behaviours": sink.chosen}
    return json.dumps(state).encode() + b"\n"


def _clear(sink: Sink, _asked: Asked) -> bytes:
    sink.arrivals.clear()
    return b""


def _behave(sink: Sink, asked: Asked) -> bytes:
    try:
        sink.choose(asked.get("path", EVERYWHERE), asked.get("behaviour", ""))
    except KeyError as error:
        raise Refused(error.args[0]) from None
    return b""


def _learn(sink: Sink, asked: Asked) -> bytes:
    if not asked.get("secret"):
        raise Refused("Give the secret of a subscription in secret, and its path in path.")
    sink.learn(asked.get("path", EVERYWHERE), asked["secret"])
    return b""


ROUTES: Mapping[tuple[str, str], Callable[[Sink, Asked], bytes]] = {
    ("GET", "/arrivals"): _arrivals,  # ?since=N: those after number N, a JSON object a line, 1,000 at most
    ("GET", "/state"): _state,
    ("POST", "/behaviour"): _behave,  # {"path", "behaviour"}; without a path everywhere that has none of its own
    ("POST", "/secret"): _learn,  # {"path", "secret"}; without a path everywhere that has none of its own
    ("POST", "/clear"): _clear,
}
