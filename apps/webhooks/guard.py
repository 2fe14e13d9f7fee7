"""Which URLs webhooks are sent to: when one is registered, and again on the very address of every send."""

import queue
import socket
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple, Self

from apps.webhooks.addresses import Address, is_public, read_address
from apps.webhooks.urls import InvalidUrl, Target, read_name, read_url

# Names that mean something only within a network, and all beneath them.
PRIVATE_NAMES = frozenset(
    {"localhost", "local", "internal", "invalid", "localdomain", "svc", "onion", "home.arpa"},
)
REGISTERING_SECONDS = 3.0  # a name that takes longer to look up is taken for one that does not resolve


class Unresolved(Exception):
    """A name has no address at the moment; str() is the sentence to show."""


class Endpoint(NamedTuple):
    """An address and port that the guard has checked."""

    address: Address
    port: int


def look_up(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name, in the order to try them, asked once.

    Unresolved where it has none, TimeoutError after `seconds`: the system's own resolver may take minutes, so it is
    asked in a thread, which is left behind then.
    """
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            # The dot: without it resolvers may try the name within our own domains first.
            found = socket.getaddrinfo(f"{host}.".encode(), port, type=socket.SOCK_STREAM)
            answer.put([str(sockaddr[0]) for *_kind, sockaddr in found])
        except OSError as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        addresses = answer.get(timeout=max(seconds, 0))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(addresses, OSError) or not addresses:
        raise Unresolved(f"The name {host} does not resolve.")
    return addresses


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules, and what this installation adds to them.

    own, denied: names that are refused with all beneath them. closed: networks refused as addresses and on every
    send. routes: for development and tests, where to go for a host and port, whatever the address.
    """

    own: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    closed: Sequence[IPv4Network | IPv6Network] = ()
    routes: Mapping[tuple[str, int], Endpoint] = field(default_factory=dict)
    look_up: Callable[[str, int, float], list[str]] = look_up

    @classmethod
    def reading(cls, *, own: Iterable[str], deny: str, resolve: str, production: bool) -> Self:
        """A guard by the settings: our own hosts, BETEDGE_WEBHOOK_DENY, BETEDGE_WEBHOOK_RESOLVE.

        ValueError, with a sentence that names the setting, for what cannot be read or is not for production.
        """
        if production and resolve:
            raise ValueError("BETEDGE_WEBHOOK_RESOLVE is for development and tests; unset it in production.")
        denied, closed = _read_denials(deny)
        return cls(
            own=frozenset(host.lower().strip(".[]") for host in own),
            denied=denied,
            closed=closed,
            routes=_read_routes(resolve),
        )

    def target(self, url: str) -> Target:
        """Where a URL leads, if its form, name and written address are allowed; else InvalidUrl. Looks nothing up."""
        target = read_url(url)
        if _within(target.host, self.own):
            raise InvalidUrl("own_host")
        if _within(target.host, self.denied):
            raise InvalidUrl("denied")
        if target.address:
            self._check(target, [target.address])
        elif "." not in target.host or _within(target.host, PRIVATE_NAMES):
            raise InvalidUrl("private_name")
        return target

    def register(self, url: str) -> Target:
        """As `target`, for a URL that somebody wants to register: a name must not lead to a private address.

        One that does not resolve (yet) is accepted; it is looked up again at every send.
        """
        target = self.target(url)
        if target.address or (target.host, target.port) in self.routes:
            return target
        try:
            found = self.look_up(target.host, target.port, REGISTERING_SECONDS)
        except (Unresolved, TimeoutError):
            return target
        if not all(is_public(address) for address in _read(found)):
            raise InvalidUrl("private_address")
        return target

    def endpoints(self, target: Target, *, seconds: float) -> list[Endpoint]:
        """The addresses that may be dialled for one send, in the order to try them; one look-up.

        InvalidUrl if any of them is not allowed, Unresolved if there is none, TimeoutError after `seconds`.
        """
        if route := self.routes.get((target.host, target.port)):
            self._check(target, [route.address])
            return [route]
        found = [target.address] if target.address else _read(self.look_up(target.host, target.port, seconds))
        self._check(target, found)
        return [Endpoint(address, target.port) for address in found]

    def _check(self, target: Target, addresses: Sequence[Address]) -> None:
        """InvalidUrl if one address is closed to webhooks; a route is exempt from being public, from nothing else."""
        if any(address in network for address in addresses for network in self.closed):
            raise InvalidUrl("denied")
        if (target.host, target.port) not in self.routes and not all(is_public(address) for address in addresses):
            raise InvalidUrl("private_address")


def _within(host: str, names: frozenset[str]) -> bool:
    """Whether a host is one of the names, or beneath one."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in names for start in range(len(labels)))


def _read(found: Sequence[str]) -> list[Address]:
    return [read_address(address) for address in found]


def _read_denials(deny: str) -> tuple[frozenset[str], list[IPv4Network | IPv6Network]]:
    names, networks = set(), []
    for entry in _entries(deny):
        try:
            networks.append(ip_network(entry))
        except ValueError:
            try:
                names.add(read_name(entry.removeprefix(".")))
            except InvalidUrl:
                raise ValueError(
                    f"BETEDGE_WEBHOOK_DENY has {entry!r}, which is no name, address or network such as 192.0.2.0/24."
                ) from None
    return frozenset(names), networks


def _read_routes(resolve: str) -> dict[tuple[str, int], Endpoint]:
    routes = {}
    for entry in _entries(resolve):
        try:
            there, here = entry.split("=")
            target = read_url(f"https://{there}")
            host, port = here.rsplit(":", 1)
            if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
                raise ValueError
            routes[target.host, target.port] = Endpoint(ip_address(host.strip("[]")), int(port))
        except (ValueError, InvalidUrl):
            raise ValueError(
                f"BETEDGE_WEBHOOK_RESOLVE has {entry!r}; write host:8443=127.0.0.1:9443, with commas between."
            ) from None
    return routes


def _entries(setting: str) -> list[str]:
    return [entry for part in setting.split(",") if (entry := part.strip())]
