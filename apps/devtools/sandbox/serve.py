"""Run the sandbox: the server's settings, and a server in a thread for tests."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from apps.devtools.sandbox.app import Sandbox
from apps.devtools.sandbox.faults import Faults
from apps.devtools.sandbox.world import World

BACKLOG = 512


def server(sandbox: Sandbox) -> uvicorn.Server:
    """A server that logs nothing and, asked to stop, waits for nobody."""
    config = uvicorn.Config(
        sandbox, log_config=None, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=0
    )
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, 0 for any free port; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def running_sandbox(world: World, faults: Faults | None = None, *, host: str = "127.0.0.1") -> Iterator[str]:
    """The sandbox on a free port, for the length of the block; gives its base URL."""
    sandbox = Sandbox(world)
    if faults is not None:
        sandbox.saboteur.set(faults, world.now())
    running = server(sandbox)
    with listen(host, 0) as listener:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join()
