"""Streams: thousands of readers of one process, ours and then django-eventstream's, one after the other."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from apps.devtools.stack.ports import free_port, is_free
from apps.devtools.stack.processes import Child, wait_until
from apps.devtools.stack.procfile import argv, commands
from bench.install import ROOT
from bench.product import PICK, Product
from bench.readers import Readers, name, need_files, slowest
from bench.report import Row
from bench.servers import environment

OURS, PEER = "betedge.asgi:application", "bench.peers.eventstream.asgi:application"
PEER_NAME = "django-eventstream"
OURS_FIRST, PEER_FIRST = b"retry: ", b"event: stream-open"
OUR_WIRE = "apps.api.stream.wire:Wire"
PEER_PRODUCT = "bench.peers.eventstream.product"
STREAMS_EACH = 5  # of one key
KEYS_EACH = 50  # of one organisation
WARM, WARM_EVENTS = 50, 2
IDLE_SECONDS = 30.0  # every stream has one heartbeat in it


@dataclass(frozen=True, slots=True)
class Saw:
    """bytes_each: what the process grew by, for each stream. last_ms: until the last reader had an event, 99 of 100.

    idle_percent: of one core, while nothing was told; 0 where it was not looked at.
    """

    bytes_each: float
    last_ms: float
    idle_percent: float = 0.0


@contextmanager
def stream_server(application: str, *, folder: Path, extra: Mapping[str, str]) -> Iterator[tuple[int, psutil.Process]]:
    """The Procfile's stream with this application in the place of ours: its port and its process."""
    port = free_port()
    module = application.partition(":")[0]
    command = commands(ROOT / "Procfile")["stream"].replace(OURS, application)
    if application != OURS:
        command = command.replace(OUR_WIRE, "h11")
    child = Child(
        name=module,
        argv=argv(command),
        log=folder / f"{module}.log",
        env=environment({**extra, "BETEDGE_STREAM_PORT": str(port)}),
        cwd=ROOT,
    )
    child.start()
    try:
        wait_until(lambda: not is_free(port), child, timeout=60)
        yield port, psutil.Process(child.pid)
    finally:
        child.stop(timeout=3)  # thousands of threads take long to end


def request(path: str, secret: str) -> bytes:
    """What the front would ask for a caller."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: curl/8.5.0\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {secret}\r\nAccept-Encoding: gzip\r\n"
        "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n\r\n"
    ).encode()


def measured(
    server: tuple[int, psutil.Process],
    product: Product,
    *,
    requests: list[bytes],
    first: bytes,
    events: int,
    idle: float = 0.0,
) -> Saw:
    """With a stream open for each of the requests. `idle`: for how many seconds nothing is told before anything is."""
    port, process = server

    def tell(nth: int) -> float:
        began: float = product("tell", {**PICK, "name": name(nth)})
        return began

    warm = Readers(port, first=first)
    warm.open(requests[:WARM])
    slowest(warm, tell, WARM_EVENTS)
    warm.close()
    settle(process)
    before = held(process)
    readers = Readers(port, first=first)
    try:
        readers.open(requests)
        grown = held(process) - before
        used, began = cpu(process), time.monotonic()
        readers.listen(idle)
        percent = (cpu(process) - used) / (time.monotonic() - began) * 100 if idle else 0.0
        took = slowest(readers, tell, events)
    finally:
        readers.close()
    return Saw(grown / len(requests), at_most(took), percent)


def settle(process: psutil.Process) -> None:
    """Return when the connections that were closed are gone."""
    until = time.monotonic() + 10
    while len(process.net_connections(kind="tcp")) > WARM and time.monotonic() < until:
        time.sleep(0.1)


def held(process: psutil.Process) -> int:
    """Bytes of memory, what it shares with others in proportion."""
    found = process.memory_full_info()
    return int(getattr(found, "pss", found.uss))


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def at_most(took: list[float]) -> float:
    """What 99 of 100 took at most; of fewer than that, the longest."""
    return sorted(took)[-(-len(took) * 99 // 100) - 1]


def measure(folder: Path, product: Product, extra: Mapping[str, str], *, count: int, events: int) -> dict[str, Saw]:
    """Ours and the peer on the same stores, one after the other, so many streams each."""
    need_files(count)
    keys: list[str] = product("keys", "enterprise", -(-count // STREAMS_EACH // KEYS_EACH), KEYS_EACH)
    ours = [request("/api/v1/picks/stream", keys[nth // STREAMS_EACH]) for nth in range(count)]
    with stream_server(OURS, folder=folder, extra=extra) as server:
        saw = measured(server, product, requests=ours, first=OURS_FIRST, events=events, idle=IDLE_SECONDS)
    peer = Product(extra, PEER_PRODUCT)
    try:
        theirs = [request("/events/", "none is asked")] * count
        with stream_server(PEER, folder=folder, extra=extra) as server:
            beside = measured(server, peer, requests=theirs, first=PEER_FIRST, events=events)
    finally:
        peer.close()
    return {"ours": saw, PEER_NAME: beside}


def stream_rows(saw: Mapping[str, Saw], *, count: int) -> list[Row]:
    """What one process does for so many open streams; the peer's beside it."""
    ours, peer = saw["ours"], saw[PEER_NAME]
    streams = f"{count:,} streams of one process"
    return [
        Row(f"{streams}: memory of each", "KB", ours.bytes_each / 1e3, 16, beside={PEER_NAME: peer.bytes_each / 1e3}),
        Row(f"{streams}: publish → last reader", "ms p99", ours.last_ms, 500, beside={PEER_NAME: peer.last_ms}),
        Row(f"{streams}: CPU while nothing is told", "% of a core", ours.idle_percent, 5),
    ]
