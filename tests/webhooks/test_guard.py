"""The guard: names, look-ups, this installation's own rules, and the address that is really dialled."""

import random
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

import pytest

from apps.webhooks import guard as guarding
from apps.webhooks.addresses import Address
from apps.webhooks.guard import Endpoint, Guard, Unresolved, look_up
from apps.webhooks.sender import Sender, connect
from apps.webhooks.tls import tls_context
from apps.webhooks.urls import InvalidUrl
from tests.webhooks.authority import Authority
from tests.webhooks.conftest import PROMPT
from tests.webhooks.receivers import Receiver

PUBLIC = "93.184.215.14"
Make = Callable[..., Receiver]


class Resolver:
    """Answers look-ups from a table; a list of lists is answered one after the other. Counts what it is asked."""

    def __init__(self, **names: object) -> None:
        self.names = {name.replace("_", "."): answers for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, seconds: float) -> list[str]:
        self.asked.append(host)
        answers = self.names[host]
        if isinstance(answers, Exception):
            raise answers
        assert isinstance(answers, list)
        return answers.pop(0) if isinstance(answers[0], list) else answers


def reading(**settings: str) -> Guard:
    return Guard.reading(
        own=["api.betedge.test", ".betedge.example"], production=False, **{"deny": "", "resolve": "", **settings}
    )


def refusal(ask: Callable[[], object]) -> str:
    with pytest.raises(InvalidUrl) as refused:
        ask()
    return refused.value.reason


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("redis", "private_name"),
        ("printer.local", "private_name"),
        ("router.home.arpa", "private_name"),
        ("API.betedge.test.", "own_host"),
        ("www.api.betedge.test", "own_host"),
        ("betedge.example", "own_host"),
        ("partner.example", "denied"),
        ("deep.in.partner.example", "denied"),
        ("203.0.113.9", "denied"),
        ("9.9.9.9", "denied"),
        ("10.0.0.1", "private_address"),
    ],
)
def test_hosts_that_are_refused_and_why(host: str, reason: str) -> None:
    guard = reading(deny="partner.example, 9.9.9.0/24,203.0.113.9")
    assert refusal(lambda: guard.target(f"https://{host}/")) == reason
    assert refusal(lambda: guard.register(f"https://{host}/")) == reason


@pytest.mark.parametrize("host", ["betedge.test", "notpartner.example", "arpa.example", "local.example", "9.9.8.9"])
def test_hosts_that_only_look_like_refused_ones(host: str) -> None:
    guard = replace(reading(deny="partner.example,9.9.9.0/24"), look_up=lambda *_asked: [PUBLIC])
    assert guard.register(f"https://{host}/").host == host


def test_registering_refuses_a_name_with_one_private_address_among_public_ones() -> None:
    guard = replace(reading(), look_up=Resolver(mixed_example=[PUBLIC, "10.0.0.1"]))
    assert refusal(lambda: guard.register("https://mixed.example/")) == "private_address"


@pytest.mark.parametrize("answer", [Unresolved("No such name."), TimeoutError()])
def test_registering_accepts_a_name_that_does_not_resolve_and_sending_does_not(answer: Exception) -> None:
    guard = replace(reading(), look_up=Resolver(later_example=answer))
    target = guard.register("https://later.example/")
    with pytest.raises(type(answer)):
        guard.endpoints(target, seconds=1)


def test_a_name_with_our_own_address_is_refused_at_every_send() -> None:
    guard = replace(reading(deny=PUBLIC), look_up=Resolver(ours_example=[PUBLIC]))
    target = guard.register("https://ours.example/")
    assert refusal(lambda: guard.endpoints(target, seconds=1)) == "denied"


def test_a_mapped_address_is_checked_and_dialled_as_what_it_means() -> None:
    guard = replace(reading(), look_up=Resolver(a_example=["::ffff:10.0.0.1"], b_example=[f"::ffff:{PUBLIC}"]))
    assert refusal(lambda: guard.endpoints(guard.target("https://a.example/"), seconds=1)) == "private_address"
    assert guard.endpoints(guard.target("https://b.example/"), seconds=1) == [Endpoint(ip_address(PUBLIC), 443)]


def test_each_send_looks_a_name_up_once_and_an_address_never() -> None:
    resolver = Resolver(a_example=[PUBLIC])
    guard = replace(reading(), look_up=resolver)
    for _ in range(3):
        guard.endpoints(guard.target("https://a.example/"), seconds=1)
        guard.endpoints(guard.target(f"https://{PUBLIC}/"), seconds=1)
    assert resolver.asked == ["a.example"] * 3


# --- Settings --------------------------------------------------------------------------------------------------------
def test_a_route_replaces_the_look_up_and_the_public_address_alone() -> None:
    routes = "hooks.example.test:8443=127.0.0.1:9443, v6.example.test=[::1]:9444,8.8.8.8:443=127.0.0.1:1"
    guard = replace(reading(resolve=routes), look_up=Resolver(hooks_example_test=["10.0.0.1"]))
    for url, endpoint in {
        "https://HOOKS.example.test:8443/a": Endpoint(ip_address("127.0.0.1"), 9443),
        "https://v6.example.test/": Endpoint(ip_address("::1"), 9444),
        "https://8.8.8.8/": Endpoint(ip_address("127.0.0.1"), 1),
    }.items():
        assert guard.endpoints(guard.register(url), seconds=1) == [endpoint]
    assert refusal(lambda: guard.register("https://hooks.example.test/")) == "private_address"
    assert refusal(lambda: guard.register("http://hooks.example.test:8443/")) == "scheme"


def test_a_route_is_no_way_around_denied_addresses_and_own_hosts() -> None:
    guard = reading(resolve="hooks.example.test=127.0.0.1:9443,api.betedge.test=127.0.0.1:9443", deny="127.0.0.0/8")
    assert refusal(lambda: guard.endpoints(guard.target("https://hooks.example.test/"), seconds=1)) == "denied"
    assert refusal(lambda: guard.target("https://api.betedge.test/")) == "own_host"


@pytest.mark.parametrize(
    "resolve",
    [
        "a.example",
        "a.example=127.0.0.1",
        "a.example=x:1",
        "a.example:80=127.0.0.1:1",
        "a.example=127.0.0.1:0",
        "a.example=127.0.0.1:99999",
    ],
)
def test_routes_that_cannot_be_read_name_the_setting(resolve: str) -> None:
    with pytest.raises(ValueError, match="BETEDGE_WEBHOOK_RESOLVE has"):
        reading(resolve=resolve)


@pytest.mark.parametrize("deny", ["exa mple.com", "10.0.0.1/8", "https://example.com", "a..b"])
def test_denials_that_cannot_be_read_name_the_setting(deny: str) -> None:
    with pytest.raises(ValueError, match="BETEDGE_WEBHOOK_DENY has"):
        reading(deny=deny)


def test_production_takes_no_routes() -> None:
    with pytest.raises(ValueError, match="BETEDGE_WEBHOOK_RESOLVE is for development"):
        Guard.reading(own=[], deny="", resolve="a.example=127.0.0.1:9443", production=True)


# --- The system's resolver -------------------------------------------------------------------------------------------
def test_a_look_up_asks_for_the_whole_name_and_gives_every_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def resolve(host: bytes, port: int, type: int) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(2, 1, 6, "", (PUBLIC, port)), (10, 1, 6, "", ("2606:4700::1", port, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert look_up("a.example", 443, 5) == [PUBLIC, "2606:4700::1"]
    assert asked == [b"a.example."]


def test_a_look_up_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_asked: object, **_named: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Unresolved, match=r"The name a\.example does not resolve\."):
        look_up("a.example", 443, 5)


def test_a_look_up_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_named: done.wait() and [])
    with pytest.raises(TimeoutError):
        look_up("a.example", 443, 0.05)
    sender = Sender(replace(reading(), look_up=look_up), tls_context(), deadline=0.05)
    assert (
        sender.send("https://a.example/", body=b"{}", headers={}).error == "The name was not looked up within 0.05 s."
    )
    done.set()


# --- On the socket ---------------------------------------------------------------------------------------------------
@pytest.fixture
def open_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[Receiver], None]:
    """Declares a receiver's loopback address public; nothing else about the guard changes."""

    def declare(receiver: Receiver) -> None:
        public = guarding.is_public

        def or_declared(address: Address) -> bool:
            return str(address) == receiver.host or public(address)

        monkeypatch.setattr(guarding, "is_public", or_declared)

    return declare


@pytest.fixture
def elsewhere(receivers: Make) -> Receiver:
    """A receiver on the port that URLs name, at a loopback address that no other run of the tests uses."""
    if sys.platform != "linux":
        pytest.skip("only Linux answers on all of 127.0.0.0/8")
    host = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    return receivers(host=host, port=8443, names=("rebind.example",))


def test_the_address_that_was_checked_is_the_one_that_is_dialled(
    elsewhere: Receiver, open_to: Callable[[Receiver], None], authority: Authority
) -> None:
    """A name that gives another address to each question: one question is asked, and its answer is dialled."""
    open_to(elsewhere)
    resolver = Resolver(rebind_example=[[elsewhere.host], ["127.0.0.1"], [elsewhere.host], ["127.0.0.1"]])
    sender = Sender(replace(reading(), look_up=resolver), tls_context(str(authority.file)), deadline=PROMPT)
    first, second, third = (sender.send("https://rebind.example:8443/", body=b"{}", headers={}) for _ in range(3))
    assert (first.delivered, first.address) == (True, elsewhere.host)
    assert second.error == "The URL's host is not at a public address; use one that the whole internet can reach."
    assert second.address is None
    assert third.delivered
    assert elsewhere.reached == [(elsewhere.host, 8443)] * 2
    assert elsewhere.names == ["rebind.example"] * 2
    assert len(resolver.asked) == 3


def test_a_name_that_was_public_when_registered_is_refused_when_it_no_longer_is(authority: Authority) -> None:
    resolver = Resolver(rebind_example=[[PUBLIC], ["127.0.0.1"]])
    guard = replace(reading(), look_up=resolver)
    guard.register("https://rebind.example/")
    attempted = Sender(guard, tls_context()).send("https://rebind.example/", body=b"{}", headers={})
    assert not attempted.delivered
    assert attempted.address is None


def test_the_next_address_is_dialled_where_one_is_dead(
    elsewhere: Receiver, open_to: Callable[[Receiver], None], monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    open_to(elsewhere)
    dead = elsewhere.host.rsplit(".", 1)[0] + ".255"
    monkeypatch.setattr(guarding, "is_public", lambda address: str(address) in (dead, elsewhere.host))
    guard = replace(reading(), look_up=Resolver(rebind_example=[dead, elsewhere.host]))
    attempted = Sender(guard, tls_context(str(authority.file))).send(
        "https://rebind.example:8443/", body=b"{}", headers={}
    )
    assert (attempted.delivered, attempted.address) == (True, elsewhere.host)


def test_a_peer_that_is_not_the_address_dialled_is_refused(receivers: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = receivers()
    monkeypatch.setattr(socket.socket, "getpeername", lambda _socket: ("10.0.0.1", receiver.port))
    with pytest.raises(OSError, match=r"10\.0\.0\.1 answers in place"):
        connect(Endpoint(ip_address("127.0.0.1"), receiver.port), seconds=1)


def test_the_time_to_connect_is_not_the_time_to_answer(receivers: Make) -> None:
    with connect(Endpoint(ip_address("127.0.0.1"), receivers().port), seconds=0.5) as sock:
        assert sock.gettimeout() is None


def test_the_certificate_is_checked_against_the_name_and_not_the_address(receivers: Make, authority: Authority) -> None:
    receiver = receivers(names=("127.0.0.1",))
    guard = reading(resolve=f"sni.example=127.0.0.1:{receiver.port}")
    attempted = Sender(guard, tls_context(str(authority.file))).send("https://sni.example/", body=b"{}", headers={})
    assert "certificate" in attempted.error
    assert receiver.names == ["sni.example"]
