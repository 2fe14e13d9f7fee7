"""Every URL of shared/vectors/ssrf_urls.tsv, when it is registered and when it is sent to."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from apps.webhooks.guard import Guard, Unresolved
from apps.webhooks.sender import Attempted, Sender
from apps.webhooks.tls import tls_context
from apps.webhooks.urls import RULES, InvalidUrl
from tests.shared import SHARED, needs_shared
from tests.webhooks.authority import DAY, Authority
from tests.webhooks.receivers import Behaviour, Receiver, answering, endlessly, hanging

FILE = SHARED / "vectors" / "ssrf_urls.tsv"
OWN = "api.betedge.test"
OUR_ADDRESS = "93.184.215.99"
PUBLIC = "93.184.215.14"

# What names resolve to, one answer a question; the last is given again.
ANSWERS: dict[str, list[list[str] | Exception]] = {
    "a-loopback.evil.example": [["127.0.0.1"]],
    "a-metadata.evil.example": [["169.254.169.254"]],
    "aaaa-loopback.evil.example": [["::1"]],
    "aaaa-nat64.evil.example": [["64:ff9b::a9fe:a9fe"]],
    "mixed.evil.example": [[PUBLIC, "127.0.0.1"]],
    "cname.evil.example": [["169.254.169.254"]],
    "cname-localhost.evil.example": [["127.0.0.1", "::1"]],
    "7f000001.nip.io": [["127.0.0.1"]],
    "127-0-0-1.sslip.io": [["127.0.0.1"]],
    "lvh.me": [["127.0.0.1"]],
    "foo.test": [Unresolved("The name foo.test does not resolve.")],
    "own-ip.evil.example": [[OUR_ADDRESS]],
    "servfail.evil.example": [TimeoutError()],
    "empty.evil.example": [Unresolved("The name empty.evil.example does not resolve.")],
    "rebind.evil.example": [[PUBLIC], ["127.0.0.1"]],
    "rebind-ttl0.evil.example": [[PUBLIC], ["127.0.0.1"], [PUBLIC]],
    "rebind-retry.evil.example": [[PUBLIC], ["10.0.0.1"]],
    "edited.evil.example": [[PUBLIC], ["192.168.1.1"]],
}


@dataclass
class Scene:
    """A receiver's behaviour, and what must come of an attempt. `certificate`: what is wrong with the one it shows."""

    behave: Behaviour
    status: int | None = None
    error: str = ""
    certificate: dict[str, Any] | None = None
    plain: bool = False


def redirecting(status: int, location: str) -> Scene:
    said = f"Answered {status}; redirects are not followed."
    return Scene(answering(status, Location=location), status=status, error=said)


LATE = "No answer came within 1 s."
FLOOD = "No answer came: what came is not HTTP, or has too many headers."
SCENES = {
    "redir302": redirecting(302, "https://169.254.169.254/"),
    "redir307": redirecting(307, "https://127.0.0.1/"),
    "redir308-http": redirecting(308, "http://example.com/"),
    "redir-file": redirecting(302, "file:///etc/passwd"),
    "redir-proto-rel": redirecting(302, "//127.0.0.1/"),
    "redir-loop": redirecting(301, "https://redir-loop.evil.example/h"),
    "refresh": Scene(answering(200, Refresh="0; url=https://127.0.0.1/"), status=200),
    "altsvc": Scene(answering(200, Alt_Svc='h2="127.0.0.1:443"'), status=200),
    "badcert": Scene(answering(), error="TLS was not agreed on: the certificate", certificate={"ends": -DAY}),
    "sni": Scene(answering(), status=200),
    "proxyenv": Scene(answering(), status=200),
    "netrc": Scene(answering(), status=200),
    "rebind-keepalive": Scene(answering(200, Connection="keep-alive"), status=200),
    "drip-body": Scene(endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b".", 0.05), status=200),
    "drip-headers": Scene(endlessly(b"HTTP/1.1 200 OK\r\nA: ", b".", 0.05), error=LATE),
    "slow-tls": Scene(hanging, error="TLS was not agreed on within 1 s.", plain=True),
    "tarpit": Scene(hanging, error=LATE),
    "big": Scene(endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 5000), status=200),
    "bomb": Scene(answering(200, gzip.compress(b"\0" * 10_000_000), Content_Encoding="gzip"), status=200),
    "manyheaders": Scene(endlessly(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 1000), error=FLOOD),
    "cookie": Scene(answering(200, Set_Cookie="a=b"), status=200),
    "auth": Scene(answering(401, WWW_Authenticate="NTLM"), status=401, error="Answered 401."),
    "h100": Scene(
        endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100), error="No answer came whose headers end within"
    ),
    "reflect": Scene(
        lambda connection, request: answering(500, repr(request.headers).encode())(connection, request),
        status=500,
        error="Answered 500.",
    ),
}


def rows(*kinds: str) -> list[str]:
    """The URLs to be refused at these points."""
    if not FILE.is_file():
        return []
    lines = [line.split("\t") for line in FILE.read_text().split("\n") if line and not line.startswith("#")]
    return [plain(url) for url, refused_at, *_why in lines if refused_at in kinds]


def plain(url: str) -> str:
    url = url.encode().decode("unicode_escape") if "\\" in url else url
    return url.replace("{our-own-api-host}", OWN)


@pytest.fixture
def guard() -> Guard:
    left = {host: list(answers) for host, answers in ANSWERS.items()}

    def look_up(host: str, _port: int, _seconds: float) -> list[str]:
        answers = left.get(host, [[PUBLIC]])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return replace(Guard.reading(own=[OWN], deny=OUR_ADDRESS, resolve="", production=False), look_up=look_up)


def name_in(url: str) -> str:
    return url.removeprefix("https://").removesuffix("/h")


BY_NAME = [url for url in rows("delivery") if name_in(url) in ANSWERS]
BY_SCENE = [url for url in rows("delivery") if url not in BY_NAME]


@needs_shared
def test_every_row_is_tried() -> None:
    assert len(rows("create", "create+delivery", "delivery", "allow")) > 150
    assert {name_in(url).removesuffix(".evil.example") for url in BY_SCENE} == set(SCENES)


@needs_shared
@pytest.mark.parametrize("url", rows("create", "create+delivery"))
def test_what_is_refused_when_registered_is_refused_when_sent(guard: Guard, url: str) -> None:
    with pytest.raises(InvalidUrl) as refused:
        guard.register(url)
    assert refused.value.reason in RULES
    attempted = Sender(guard, tls_context()).send(url, body=b"{}", headers={})
    assert attempted.error in RULES.values()
    assert attempted.address is None


@needs_shared
@pytest.mark.parametrize("url", rows("allow"))
def test_harmless_ones_are_accepted(guard: Guard, url: str) -> None:
    target = guard.register(url)
    if target.host == "foo.test":
        with pytest.raises(Unresolved):
            guard.endpoints(target, seconds=1)
    else:
        assert guard.endpoints(target, seconds=1)


@needs_shared
@pytest.mark.parametrize("url", BY_NAME)
def test_what_shows_itself_when_sent_is_refused_then(guard: Guard, url: str) -> None:
    guard.register(url)
    attempted = Sender(guard, tls_context()).send(url, body=b"{}", headers={})
    assert attempted.error
    assert attempted.address is None


@needs_shared
@pytest.mark.parametrize("url", BY_SCENE)
def test_what_receivers_do_harms_nobody(
    url: str, receivers: Callable[..., Receiver], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = name_in(url)
    scene = SCENES[host.removesuffix(".evil.example")]
    context = None if scene.plain else authority.context(host, **(scene.certificate or {}))
    receiver = receivers(scene.behave, context=context)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    attempted = attempt(url, host, receiver, authority)
    assert attempted.status_code == scene.status
    assert attempted.error.startswith(scene.error)
    assert bool(attempted.error) == (not attempted.delivered)
    assert len(receiver.reached) == 1
    assert "5ec7e7" not in attempted.response_body


def attempt(url: str, host: str, receiver: Receiver, authority: Authority) -> Attempted:
    guard = Guard.reading(own=[OWN], deny="", resolve=f"{host}=127.0.0.1:{receiver.port}", production=False)
    guard.register(url)
    sender = Sender(guard, tls_context(str(authority.file)), deadline=1.0)
    return sender.send(url, body=b"{}", headers={"X-BetEdge-Signature": "sha256=" + "5ec7e7" * 10})
