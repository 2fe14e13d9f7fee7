"""What a stream writes: blocks of server-sent events. Knows no network."""

import json
from collections.abc import Collection, Iterable

from apps.api.answers import json_bytes
from apps.outbox.queries import Told

RETRY_MS = 5_000  # how long a client waits before it comes back: by then a killed process holds no place of its key
HEARTBEAT = b": heartbeat\n\n"
PIECE_BYTES = 32 * 1024  # a reader that is slow holds one of its own; smaller ones cost all others time


def greeting(sequence: int) -> bytes:
    """The first block: when to come back, and the event after which this stream begins, should it break before one."""
    return f"retry: {RETRY_MS}\nid: {sequence}\n\n".encode()


def pieces(events: Iterable[Told], types: Collection[str]) -> list[bytes]:
    """The events of these types, a block each, some tens of kB together; empty where there is none of them."""
    found, piece = [], b""
    for event in events:
        if event.type in types:
            piece += block(event)
        if len(piece) >= PIECE_BYTES:
            found.append(piece)
            piece = b""
    return [*found, piece] if piece else found


def block(event: Told) -> bytes:
    """One event as the reference prints it, with its sequence as id; the data is the bare pick, always in one line."""
    pick = json_bytes(json.loads(event.body)["data"])
    return b"event: %s\ndata: %s\nid: %d\n\n" % (event.type.encode(), pick, event.sequence)
