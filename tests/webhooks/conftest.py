"""What every test of webhooks stands on: an authority, receivers, a sender, and no way out of this machine."""

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest

from apps.webhooks.guard import Guard
from apps.webhooks.sender import Sender
from apps.webhooks.tls import tls_context
from tests.webhooks.authority import Authority
from tests.webhooks.receivers import OK, Behaviour, Receiver

if TYPE_CHECKING:
    from tests.webhooks.delivering import Clock, Post

HOST = "hooks.example.test"
URL = f"https://{HOST}:8443/hook"
PROMPT = 5.0  # seconds: the deadline where a test does not wait for it


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test in which anything is dialled, or any name is looked up, that is not this machine."""
    outside: list[str] = []

    def kept_in(real: Callable[..., Any], host_of: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            host = host_of(*args)
            if not is_here(host):
                outside.append(str(host))
                raise OSError(f"{host!r} is not this machine.")
            return real(*args, **named)

        return call

    def of_address(_socket: socket.socket, address: Any) -> Any:
        return address[0] if isinstance(address, tuple) else "127.0.0.1"  # a path is a socket of this machine

    monkeypatch.setattr(socket.socket, "connect", kept_in(socket.socket.connect, of_address))
    monkeypatch.setattr(socket.socket, "connect_ex", kept_in(socket.socket.connect_ex, of_address))
    monkeypatch.setattr(socket, "getaddrinfo", kept_in(socket.getaddrinfo, lambda host, *_rest: host))
    yield
    assert not outside, f"Not this machine: {outside}"


def is_here(host: Any) -> bool:
    written = host.decode() if isinstance(host, bytes) else host
    if written in (None, "localhost"):
        return True
    try:
        return ip_address(written).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def receivers(authority: Authority) -> Iterator[Callable[..., Receiver]]:
    """Makes receivers; each shows a good certificate for HOST if not told otherwise."""
    made: list[Receiver] = []

    def make(behave: Behaviour = OK, *, names: tuple[str, ...] = (HOST,), **settings: Any) -> Receiver:
        settings.setdefault("context", authority.context(*names))
        made.append(Receiver(behave=behave, **settings))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


@pytest.fixture
def sender_to(authority: Authority) -> Callable[..., Sender]:
    """A sender that finds HOST, or another name, at a receiver, and trusts the tests' authority."""

    def make(receiver: Receiver, *, host: str = f"{HOST}:8443", deadline: float = PROMPT) -> Sender:
        guard = Guard.reading(
            own=["api.betedge.test"], deny="", resolve=f"{host}={receiver.host}:{receiver.port}", production=False
        )
        return Sender(guard, tls_context(str(authority.file)), deadline=deadline)

    return make


@pytest.fixture
def clock() -> "Clock":
    from tests.webhooks.delivering import BEGAN, Clock  # Django is set up only now

    return Clock(BEGAN)


@pytest.fixture
def post(clock: "Clock", monkeypatch: pytest.MonkeyPatch) -> "Post":
    """Whatever deliverers send in this test lands here."""
    from apps.webhooks import deliverer
    from tests.webhooks.delivering import Post

    post = Post(clock)
    monkeypatch.setattr(deliverer, "sender", lambda: post)
    return post
