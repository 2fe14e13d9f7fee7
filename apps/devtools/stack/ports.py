"""Ports on this machine: which are free, and which one each process had last time. Knows no Django."""

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

# Below what Linux and macOS hand out for outgoing connections (32768 and 49152 up): nobody gets one by accident.
RANGE = range(20_000, 32_000)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one just closed is free
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A free port, chosen at random so that two who choose at once choose differently."""
    return next(port for port in random.sample(RANGE, len(RANGE)) if is_free(port))


def remembered(file: Path, names: Iterable[str]) -> dict[str, int]:
    """A free port for each name: last time's where it still is free, and kept in `file` for next time."""
    try:
        known = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        known = {}
    ports: dict[str, int] = {}
    for name in names:
        port = known.get(name)
        usable = isinstance(port, int) and port in RANGE and port not in ports.values() and is_free(port)
        ports[name] = port if usable else free_port()
    file.write_text(json.dumps(ports))
    return ports
