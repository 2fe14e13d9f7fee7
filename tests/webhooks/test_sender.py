"""One attempt: what goes over the wire, and what is made of each answer."""

import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.webhooks.guard import Guard
from apps.webhooks.sender import Attempted, Sender, request
from apps.webhooks.tls import tls_context
from apps.webhooks.urls import read_url
from tests.webhooks.authority import DAY, Authority
from tests.webhooks.conftest import HOST, URL
from tests.webhooks.receivers import Receiver, answering, hanging, saying

BODY = '{"id":"1","event":"pick.published","data":{"league":"Ligue 1 – été"}}'.encode()
HEADERS = {"Content-Type": "application/json", "X-BetEdge-Signature": "sha256=" + "ab" * 32}

Make = Callable[..., Receiver]
SenderTo = Callable[..., Sender]


def send(sender: Sender, url: str = URL) -> Attempted:
    return sender.send(url, body=BODY, headers=HEADERS)


def test_a_delivery_arrives_with_its_bytes_and_headers(receivers: Make, sender_to: SenderTo) -> None:
    receiver = receivers(answering(204))
    attempted = send(sender_to(receiver), URL + "?token=a%20b&x=@127.0.0.1")
    (arrived,) = receiver.requests
    assert arrived.line == "POST /hook?token=a%20b&x=@127.0.0.1 HTTP/1.1"
    assert arrived.body == BODY
    assert arrived.headers == {
        "Host": f"{HOST}:8443",
        **HEADERS,
        "Accept-Encoding": "identity",
        "Content-Length": str(len(BODY)),
        "Connection": "close",
    }
    assert attempted.delivered
    assert (attempted.status_code, attempted.address, attempted.error) == (204, "127.0.0.1", "")
    assert receiver.names == [HOST]


def test_an_escaped_line_break_stays_escaped(receivers: Make, sender_to: SenderTo) -> None:
    receiver = receivers()
    assert send(sender_to(receiver), f"https://{HOST}:8443/%0d%0aX-Injected:1").delivered
    assert receiver.requests[0].line == "POST /%0d%0aX-Injected:1 HTTP/1.1"
    assert "X-Injected" not in receiver.requests[0].headers


def test_a_header_with_a_line_break_is_never_sent() -> None:
    with pytest.raises(ValueError, match="line break"):
        request(read_url(URL), BODY, {"X-BetEdge-Event": "test\r\nX-Injected: 1"})


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_delivered(receivers: Make, sender_to: SenderTo, status: int) -> None:
    assert send(sender_to(receivers(answering(status)))).delivered


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503, 599])
def test_other_statuses_are_failures(receivers: Make, sender_to: SenderTo, status: int) -> None:
    receiver = receivers(answering(status, b"not now", WWW_Authenticate="Negotiate", Set_Cookie="a=b"))
    attempted = send(sender_to(receiver))
    assert not attempted.delivered
    assert (attempted.status_code, attempted.response_body) == (status, "not now")
    assert attempted.error == f"Answered {status}."
    assert attempted.gone == (status == 410)
    assert len(receiver.reached) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["https://169.254.169.254/", "http://example.com/", "file:///etc/passwd", "//127.0.0.1/", URL]
)
def test_redirects_are_failures_and_not_followed(
    receivers: Make, sender_to: SenderTo, status: int, location: str
) -> None:
    receiver = receivers(answering(status, Location=location))
    attempted = send(sender_to(receiver))
    assert not attempted.delivered
    assert attempted.error == f"Answered {status}; redirects are not followed."
    assert len(receiver.reached) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_told_where_it_counts(receivers: Make, sender_to: SenderTo, status: int) -> None:
    assert send(sender_to(receivers(answering(status, Retry_After="90")))).retry_after == 90
    assert send(sender_to(receivers(answering(500, Retry_After="90")))).retry_after is None


def test_refresh_and_alternative_services_are_ignored(receivers: Make, sender_to: SenderTo) -> None:
    receiver = receivers(
        answering(
            200, b'<meta http-equiv="refresh" content="0;url=/">', Refresh="0;url=/", Alt_Svc='h2="127.0.0.1:443"'
        )
    )
    sender = sender_to(receiver)
    assert send(sender).delivered
    assert send(sender).delivered
    assert [each.line for each in receiver.requests] == ["POST /hook HTTP/1.1"] * 2


def test_every_attempt_has_a_connection_of_its_own_and_no_cookies(receivers: Make, sender_to: SenderTo) -> None:
    receiver = receivers(answering(200, Set_Cookie="session=1", Connection="keep-alive"))
    sender = sender_to(receiver)
    for _ in range(3):
        assert send(sender).delivered
    assert len(receiver.reached) == 3
    assert all("Cookie" not in each.headers for each in receiver.requests)


def test_interim_answers_are_passed_over(receivers: Make, sender_to: SenderTo) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    attempted = send(sender_to(receivers(saying(interim * 3 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))))
    assert (attempted.status_code, attempted.response_body) == (200, "ok")


# --- Certificates ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "certificate",
    [
        {"names": (HOST,), "trusted": False},
        {"names": (HOST,), "ends": -DAY},
        {"names": ("other.example.test",)},
        {"names": ("127.0.0.1",)},
        {"names": ("*.test",)},
    ],
)
def test_a_bad_certificate_stops_the_attempt_before_anything_is_said(
    receivers: Make, sender_to: SenderTo, authority: Authority, certificate: dict[str, object]
) -> None:
    names = certificate.pop("names")
    assert isinstance(names, tuple)
    receiver = receivers(context=authority.context(*names, **certificate))
    attempted = send(sender_to(receiver))
    assert attempted.error.startswith("TLS was not agreed on: the certificate is not accepted (")
    assert receiver.requests == []


def test_an_authority_of_the_tests_is_not_trusted_by_itself(receivers: Make) -> None:
    receiver = receivers()
    guard = Guard.reading(own=[], deny="", resolve=f"{HOST}:8443=127.0.0.1:{receiver.port}", production=False)
    assert "certificate" in send(Sender(guard, tls_context())).error
    assert receiver.requests == []


def test_a_sender_refuses_a_context_that_checks_nothing() -> None:
    with pytest.raises(ValueError, match="tls_context"):
        Sender(Guard(), ssl._create_unverified_context())


def test_old_tls_is_not_spoken(receivers: Make, sender_to: SenderTo, authority: Authority) -> None:
    context = authority.context(HOST)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert send(sender_to(receivers(context=context))).error.startswith("TLS was not agreed on")


# --- The environment -------------------------------------------------------------------------------------------------
def test_proxies_and_netrc_of_the_environment_are_ignored(
    receivers: Make, sender_to: SenderTo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy = receivers(context=None)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    (tmp_path / ".netrc").write_text(f"machine {HOST} login someone password secret\ndefault login a password b\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    receiver = receivers()
    assert send(sender_to(receiver)).delivered
    assert proxy.reached == []
    assert "Authorization" not in receiver.requests[0].headers


# --- Many at once ----------------------------------------------------------------------------------------------------
def test_hanging_receivers_do_not_delay_the_others(receivers: Make, sender_to: SenderTo) -> None:
    slow, quick = receivers(hanging), receivers()
    stuck = sender_to(slow, deadline=60)
    threads = [threading.Thread(target=send, args=[stuck]) for _ in range(20)]
    for thread in threads:
        thread.start()
    sender = sender_to(quick)
    assert all(send(sender).delivered for _ in range(20))
    assert all(thread.is_alive() for thread in threads)
    slow.close()
    for thread in threads:
        thread.join(5)


def test_one_sender_serves_many_threads(receivers: Make, sender_to: SenderTo) -> None:
    receiver = receivers()
    sender = sender_to(receiver)
    came: list[Attempted] = []
    threads = [threading.Thread(target=lambda: came.extend(send(sender) for _ in range(10))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.error for each in came] == [""] * 80
    assert len(receiver.reached) == 80


def test_nobody_there_is_said_in_words(receivers: Make, sender_to: SenderTo) -> None:
    receiver = receivers()
    sender = sender_to(receiver)
    receiver.close()
    attempted = send(sender)
    assert attempted.error == "No connection to 127.0.0.1 was made: it was refused."
    assert attempted.address == "127.0.0.1"
