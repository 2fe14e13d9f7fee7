"""What attackers try at the door, one by one, through the whole stack of middleware."""

import json
import re
from typing import Any

import pytest
import redis as redis_py
from allauth.account import app_settings as account_limits
from allauth.mfa import app_settings as factor_limits
from django.core import mail
from django.core.cache.backends.redis import RedisCache
from django.test import Client, override_settings

from apps.core import unavailable
from betedge.logs import strike_secrets
from tests.accounts.people import PASSWORD, SECRET, Browser, code, person, text, with_app

pytestmark = pytest.mark.django_db
FORMS = {
    "/accounts/login/": {"login": "ann@example.com", "password": PASSWORD},
    "/accounts/signup/": {"email": "new@example.com", "password1": PASSWORD},
    "/accounts/password/reset/": {"email": "ann@example.com"},
    "/accounts/password/change/": {"oldpassword": PASSWORD, "password1": "x" * 12, "password2": "x" * 12},
    "/accounts/email/": {"email": "new@example.com", "action_add": ""},
    "/accounts/logout/": {},
    "/accounts/sessions/": {},
    "/accounts/sessions/end/": {"session": "all"},
    "/accounts/reauthenticate/": {"password": PASSWORD},
    "/accounts/2fa/totp/activate/": {"code": "000000"},
    "/accounts/2fa/webauthn/login/": {"credential": "{}"},
}


def same(page: Any, typed: str) -> str:
    """What a page says but for its CSRF token, its request's id and the address that was typed."""
    shown = page.content.decode().replace(typed, "[typed]")
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", shown)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts/signup/", {"email": "{}", "password1": PASSWORD}),
        ("/accounts/login/", {"login": "{}", "password": "not the password"}),
        ("/accounts/password/reset/", {"email": "{}"}),
    ],
)
def test_nobody_learns_which_addresses_are_known(path: str, fields: dict[str, str]) -> None:
    person("known@example.com")
    told = []
    for email in ("known@example.com", "other@example.com"):
        browser = Browser(HTTP_X_REQUEST_ID="the-same")
        answer = browser.send(path, **{name: value.format(email) for name, value in fields.items()})
        landed = browser.get(answer.headers["Location"]) if answer.status_code == 302 else answer
        told.append((answer.status_code, answer.headers.get("Location"), same(landed, email)))
    assert told[0] == told[1]
    assert len(mail.outbox) in (0, 2), "as much mail for one as for the other"


def guess(address: str, email: str, password: str = "wrong") -> Any:
    return Browser(address).sign_in(email, password)


def test_an_account_is_not_guessed_from_many_addresses_and_opens_again(clock: Any) -> None:
    person()
    answers = [text(guess(f"192.0.2.{number}", "ann@example.com")) for number in range(6)]
    assert ["Too many attempts" in answer for answer in answers] == [False] * 5 + [True]
    assert guess("192.0.2.99", "ANN@example.com", PASSWORD).status_code == 200, "nor with the right one, meanwhile"
    clock.forward(seconds=301)
    assert guess("192.0.2.99", "ann@example.com", PASSWORD).status_code == 302


@override_settings(ALLOWED_HOSTS=[".example.com", "testserver"])
def test_another_host_name_gives_no_more_attempts(clock: Any) -> None:
    person()
    hosts = [f"{name}.example.com" for name in "abcdef"]
    answers = [Browser(f"192.0.2.{n}", HTTP_HOST=host).sign_in(password="wrong") for n, host in enumerate(hosts)]
    assert "Too many attempts" in text(answers[-1])


def test_an_address_does_not_guess_over_many_accounts_and_may_try_again(clock: Any) -> None:
    person()
    answers = [text(guess("192.0.2.1", f"person{number}@example.com")) for number in range(11)]
    assert ["Too many attempts" in answer for answer in answers] == [False] * 10 + [True]
    assert guess("192.0.2.2", "ann@example.com", PASSWORD).status_code == 302, "others are not kept out by it"
    clock.forward(seconds=61)
    assert guess("192.0.2.1", "ann@example.com", PASSWORD).status_code == 302


def test_what_a_caller_writes_before_our_proxys_word_changes_nothing() -> None:
    for number in range(10):
        guess(f"203.0.113.{number}, 192.0.2.1", f"person{number}@example.com")
    assert "Too many attempts" in text(guess("203.0.113.77, 192.0.2.1", "one-more@example.com"))


def test_codes_are_not_guessed(clock: Any) -> None:
    with_app(person())
    for number in range(5):
        browser = Browser(f"192.0.2.{number}")
        browser.sign_in()
        browser.send("/accounts/2fa/authenticate/", code="000000")
    last = Browser("192.0.2.99")
    last.sign_in()
    assert "Too many attempts" in text(last.send("/accounts/2fa/authenticate/", code=code()))


@pytest.mark.parametrize(
    ("path", "fields", "most"),
    [
        ("/accounts/login/", {"login": "{}@example.com", "password": ""}, 30),
        ("/accounts/signup/", {"email": "{}@example.com", "password1": "short"}, 20),
        ("/accounts/password/reset/", {"email": "{}@example.com"}, 20),
    ],
)
def test_past_a_limit_a_page_says_when_to_try_again(
    path: str, fields: dict[str, str], most: int, clock: Any, browser: Browser
) -> None:
    answers = [
        browser.send(path, **{name: value.format(number) for name, value in fields.items()})
        for number in range(most + 1)
    ]
    assert [answer.status_code == 429 for answer in answers] == [False] * most + [True]
    assert "Wait a minute, then try again" in text(answers[-1])
    assert answers[-1].headers["Retry-After"] == "60"
    clock.forward(seconds=61)
    assert browser.send(path, **fields).status_code != 429


def test_one_mailbox_is_not_flooded() -> None:
    person()
    for number in range(8):
        Browser(f"192.0.2.{number}").send("/accounts/password/reset/", email="ann@example.com")
    assert len(mail.outbox) == 5


def test_every_limit_of_allauth_is_set() -> None:
    unused = {"change_phone", "verify_phone", "request_login_code"}
    limits = {**account_limits.RATE_LIMITS, **factor_limits.RATE_LIMITS}
    assert [name for name, rate in limits.items() if not rate and name not in unused] == []


def test_the_session_has_another_key_after_the_password_and_after_the_second_factor(browser: Browser) -> None:
    with_app(person())
    browser.get("/accounts/login/")
    session = browser.session
    session.save()
    planted = session.session_key
    browser.cookies["sessionid"] = planted
    browser.sign_in()
    waiting = browser.session.session_key
    browser.send("/accounts/2fa/authenticate/", code=code())
    assert browser.signed_in
    assert browser.session.session_key not in (planted, waiting)
    thief = Browser()
    thief.cookies["sessionid"] = planted
    assert thief.get("/accounts/").status_code == 302


def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: Browser, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    person()
    browser.sign_in()
    session = browser.cookies["sessionid"]
    assert (session["httponly"], session["secure"], session["samesite"]) == (True, True, "Lax")
    assert browser.cookies["csrftoken"]["secure"]
    assert browser.cookies["csrftoken"]["samesite"] == "Lax"


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_another_site_does_nothing(path: str) -> None:
    person()
    browser = Browser()
    if path not in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        browser.sign_in()
    was_in = browser.signed_in
    answer = browser.post(path, FORMS[path])
    assert answer.status_code == 403
    assert "This form is too old" in text(answer)
    assert browser.signed_in == was_in
    assert not mail.outbox


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example"],
)
def test_nobody_is_led_to_another_site(elsewhere: str) -> None:
    person()
    browser = Browser()
    answers = [
        browser.sign_in(next=elsewhere),
        browser.get("/accounts/login/", {"next": elsewhere}),
        browser.send("/accounts/logout/", next=elsewhere),
    ]
    assert "/dashboard" in [answer.headers["Location"] for answer in answers]
    assert all("evil" not in answer.headers["Location"] for answer in answers)
    assert all("javascript" not in answer.headers["Location"] for answer in answers)


def test_a_forged_host_in_allowed_hosts_is_in_no_link(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.BETEDGE_PUBLIC_URL = "https://betedge.example"
    person()
    forger = Browser(HTTP_HOST="evil.example")
    forger.send("/accounts/password/reset/", email="ann@example.com")
    forger.send("/accounts/password/reset/", email="nobody@example.com")
    forger.send("/accounts/signup/", email="new@example.com", password1=PASSWORD)
    Browser(HTTP_HOST="evil.example").send("/accounts/signup/", email="ann@example.com", password1=PASSWORD)
    assert len(mail.outbox) == 4
    for message in mail.outbox:
        assert "https://betedge.example/accounts/" in message.body
        assert "evil" not in message.body + message.subject


def test_a_host_that_is_not_ours_is_refused(browser: Browser) -> None:
    answer = Client(HTTP_HOST="evil.example").get("/accounts/login/")
    assert answer.status_code == 400
    assert not mail.outbox


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"])
def test_no_page_is_framed_nor_runs_what_is_written_into_it_nor_kept(path: str, browser: Browser) -> None:
    page = browser.get(path)
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*(src=|application/json))", page.content.decode())
    assert not re.search(r'\s(style|on\w+)="', page.content.decode())


def test_what_is_typed_is_shown_as_text(browser: Browser) -> None:
    page = browser.send("/accounts/signup/", email='"><script>alert(1)</script>', password1="short")
    assert "<script>alert" not in page.content.decode()


def test_no_secret_is_logged(browser: Browser, caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level("DEBUG")
    caplog.set_level("INFO", "django.db.backends")
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.generate_totp_secret", lambda: SECRET)
    person()
    used = code()
    browser.sign_in(password="wrong but mine")
    browser.sign_in()
    browser.show_it_is_them()
    browser.send("/accounts/2fa/totp/activate/", code=used)
    browser.send("/accounts/password/reset/", email="ann@example.com")
    said = caplog.text + json.dumps([str(strike_secrets(None, "", {"event": r.getMessage()})) for r in caplog.records])
    for secret in (PASSWORD, "wrong but mine", SECRET, used, browser.session.session_key):
        assert secret not in said


def test_without_redis_the_door_stays_shut_and_says_so(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    person()
    browser = Browser()
    browser.get("/accounts/login/")

    def away(*_args: Any, **_options: Any) -> Any:
        raise redis_py.ConnectionError("refused")

    monkeypatch.setattr(RedisCache, "add", away)
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        answer = browser.send(path, **FORMS[path])
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == str(unavailable.AGAIN_SECONDS)
        assert "Try again in a minute" in text(answer)
    assert not browser.signed_in
    assert "Traceback" not in caplog.text
