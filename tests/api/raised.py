"""The web process with limits that no fuzzer reaches, and no way out of this machine for the webhooks that it makes.

A module of the tests, so that the product has no setting by which a limit could be lifted.
"""

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from apps.accounts.tiers import TIERS
from tests.webhooks.conftest import is_here


def kept_in(real: Callable[..., Any], host_of: Callable[..., Any]) -> Callable[..., Any]:
    """As a machine without a network: nothing else answers, no name resolves."""

    def call(*args: Any, **named: Any) -> Any:
        if not is_here(host_of(*args)):
            raise OSError("The network is unreachable.")
        return real(*args, **named)

    return call


def host_in(_socket: socket.socket, address: Any) -> Any:
    return address[0] if isinstance(address, tuple) else None  # a path is a socket of this machine


socket.socket.connect = kept_in(socket.socket.connect, host_in)  # type: ignore[method-assign]
socket.getaddrinfo = kept_in(socket.getaddrinfo, lambda host, *_rest: host)

for slug, tier in TIERS.items():
    TIERS[slug] = replace(tier, hourly=1_000_000, monthly=10_000_000)

from betedge.wsgi import application  # noqa: E402  the table comes first

__all__ = ["application"]
