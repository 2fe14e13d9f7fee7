"""Mail waits in the database until a mail server has taken it, whatever that server does; no page waits for it."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.core import mail
from django.core.mail import BadHeaderError, EmailMessage

from apps.accounts.mail import LONGEST, PAUSES, send_due
from apps.accounts.models import OutgoingMail
from apps.devtools.sink.certificates import authority, server_context
from apps.devtools.stack.ports import free_port
from tests.accounts.people import Browser, person
from tests.together import at_once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 9, tzinfo=UTC)
LINK = "https://betedge.example/accounts/password/reset/key/s3cret/"


class Postman:
    """What a mail server does with mail: takes it, but for an address that it refuses or does not want just now."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bool]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        answers = {"gone@example.com": "550 no such user", "full@example.com": "452 mailbox full"}
        if address in answers:
            return answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        text = message_from_bytes(envelope.content).get_payload()
        if "poison" in text:
            return "554 refused"
        self.taken.extend((to, text, session.ssl is not None) for to in envelope.rcpt_tos)
        return "250 OK"

    @property
    def people(self) -> list[str]:
        return [to for to, _text, _tls in self.taken]


@contextmanager
def mail_server(settings: Any, **how: Any) -> Iterator[Postman]:
    """A real one, in this process, that EMAIL_URL would name."""
    postman = Postman()
    controller = Controller(postman, hostname="127.0.0.1", port=free_port(), **how)
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    try:
        yield postman
    finally:
        controller.stop()


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> None:
    settings.EMAIL_BACKEND = "apps.accounts.mail.QueuedBackend"
    settings.MAIL_SENDER = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 0.3
    settings.EMAIL_PORT = free_port()  # where nobody listens


def queue(*to: str, text: str = f"Open {LINK}") -> None:
    for each in to:
        mail.send_mail("Hello", text, None, [each])
    OutgoingMail.objects.update(made_at=NOW, due_at=NOW)


def test_a_page_queues_and_the_server_gets_it_and_nothing_of_it_stays(settings: Any, browser: Browser) -> None:
    person()
    assert browser.send("/accounts/password/reset/", email="ann@example.com").status_code == 302
    waiting = OutgoingMail.objects.get()
    assert (waiting.to, waiting.subject) == ("ann@example.com", "Set a new password")
    with mail_server(settings) as postman:
        assert send_due(now=waiting.due_at) == 1
    assert postman.people == ["ann@example.com"]
    assert "/accounts/password/reset/key/" in postman.taken[0][1]
    assert not OutgoingMail.objects.exists()


def test_it_goes_encrypted_and_with_a_sign_in_where_the_setting_says_so(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.file))
    asked: list[tuple[bytes, bytes]] = []

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        asked.append((given.login, given.password))
        return AuthResult(success=True)

    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = True, "betedge", "pass"
    queue("ann@example.com")
    tls = server_context(ours, "127.0.0.1")
    with mail_server(
        settings, tls_context=tls, require_starttls=True, authenticator=check, auth_required=True
    ) as postman:
        assert send_due(now=NOW) == 1
    assert asked == [(b"betedge", b"pass")]
    assert postman.taken[0][2], "over TLS"


def test_a_server_whose_certificate_is_not_trusted_gets_neither_password_nor_mail(
    settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = True, "betedge", "pass"
    queue("ann@example.com")
    with mail_server(settings, tls_context=server_context(authority(tmp_path), "127.0.0.1")) as postman:
        assert send_due(now=NOW) == 0
    assert not postman.taken
    assert OutgoingMail.objects.count() == 1


def test_while_the_server_is_away_it_waits_longer_and_longer_and_goes_when_it_is_back(settings: Any) -> None:
    queue("ann@example.com")
    now, waited = NOW, []
    for _try in range(6):
        assert send_due(now=now) == 0
        row = OutgoingMail.objects.get()
        waited.append(row.due_at - now)
        assert send_due(now=row.due_at - timedelta(seconds=1)) == 0
        assert OutgoingMail.objects.get().tries == row.tries, "not before it is due"
        now = row.due_at
    assert waited == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    with mail_server(settings) as postman:
        assert send_due(now=now) == 1
    assert postman.people == ["ann@example.com"]


def test_a_server_that_hangs_is_left_alone_until_the_next_turn(settings: Any) -> None:
    queue("ann@example.com", "ben@example.com")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]
        assert send_due(now=NOW) == 0
    assert sorted(OutgoingMail.objects.values_list("tries", flat=True)) == [0, 1]


def test_an_address_that_is_refused_is_given_up_and_one_that_is_full_is_tried_again(settings: Any, caplog: Any) -> None:
    queue("gone@example.com", "full@example.com", "ann@example.com")
    with mail_server(settings) as postman:
        assert send_due(now=NOW) == 1
    assert postman.people == ["ann@example.com"]
    assert list(OutgoingMail.objects.values_list("to", flat=True)) == ["full@example.com"]
    assert "mail given up" in caplog.text


def test_a_mail_to_two_is_two_so_that_neither_holds_up_the_other_or_learns_of_them(settings: Any) -> None:
    EmailMessage("Hello", "text", None, ["gone@example.com"], bcc=["ann@example.com"]).send()
    with mail_server(settings) as postman:
        send_due(now=OutgoingMail.objects.latest("due_at").due_at)
    assert postman.people == ["ann@example.com"]
    assert "gone@example.com" not in postman.taken[0][1]


def test_one_that_no_server_takes_holds_up_no_other_and_is_given_up_after_a_day(settings: Any, caplog: Any) -> None:
    queue("eve@example.com", text=f"poison {LINK}")
    with mail_server(settings) as postman:
        assert send_due(now=NOW) == 0
        mail.send_mail("Hello", "text", None, ["ann@example.com"])
        OutgoingMail.objects.filter(to="ann@example.com").update(due_at=NOW + timedelta(hours=1))
        assert send_due(now=NOW + timedelta(hours=1)) == 1
        assert send_due(now=NOW + LONGEST) == 0
    assert postman.people == ["ann@example.com"]
    assert not OutgoingMail.objects.exists()
    ours = " ".join(str(record.msg) for record in caplog.records if record.name.startswith("apps."))
    assert "mail given up" in ours
    for secret in ("s3cret", "eve@example.com"):
        assert secret not in ours


def test_what_cannot_be_a_mail_is_told_to_who_made_it() -> None:
    with pytest.raises(BadHeaderError):
        mail.send_mail("Hello\nBcc: all@example.com", "text", None, ["ann@example.com"])
    with pytest.raises(ValueError, match="Only plain text"):
        mail.send_mail("Hello", "text", None, ["ann@example.com"], html_message="<p>text</p>")
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_once(settings: Any) -> None:
    queue(*(f"person{number}@example.com" for number in range(12)))
    with mail_server(settings) as postman:
        assert sum(at_once(*[lambda: send_due(now=NOW)] * 4)) == 12
    assert sorted(postman.people) == sorted(f"person{number}@example.com" for number in range(12))
