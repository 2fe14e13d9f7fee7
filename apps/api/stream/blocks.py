"""What a stream writes: blocks of server-sent events. Knows no network."""

import json
from collections.abc import Collection, Iterable

from apps.api.answers import json_bytes
from apps.outbox.queries import Told

RETRY_MS = 2_000  # how long a client waits before it comes back
HEARTBEAT = b": heartbeat\n\n"


def greeting(sequence: int) -> bytes:
    """The first block: when to come back, and the event after which this stream begins, should it break before one."""
    return f"retry: {RETRY_MS}\nid: {sequence}\n\n".encode()


def blocks(events: Iterable[Told], types: Collection[str]) -> bytes:
    """The events of these types, a block each; empty where there is none of them."""
    return b"".join(map(block, (event for event in events if event.type in types)))


def block(event: Told) -> bytes:
    """One event as the reference prints it, with its sequence as id; the data is the bare pick, always in one line."""
    pick = json_bytes(json.loads(event.body)["data"])
    return b"event: %s\ndata: %s\nid: %d\n\n" % (event.type.encode(), pick, event.sequence)
