"""Sign up: an address and a password, one link, one click, and in."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail

from tests.accounts.people import PASSWORD, Browser, link_in, person, text
from tests.together import at_once

pytestmark = pytest.mark.django_db
SIGN_UP = "/accounts/signup/"
LOOK = "/accounts/confirm-email/"


def sign_up(browser: Browser, email: str = "ann@example.com", **fields: Any) -> Any:
    return browser.send(SIGN_UP, email=email, password1=PASSWORD, **fields)


def test_a_newcomer_gives_an_address_and_a_password_confirms_and_is_in(browser: Browser) -> None:
    assert sign_up(browser).headers["Location"] == LOOK
    assert "Check your inbox" in text(browser.get(LOOK))
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["ann@example.com"], "Confirm your e-mail address")
    link = link_in(message)
    assert "Is ann@example.com yours?" in text(browser.get(link))
    assert not EmailAddress.objects.get().verified, "opening the link, as mail scanners do, confirms nothing"
    answer = browser.send(link)
    assert answer.headers["Location"] == "/dashboard"
    assert browser.signed_in
    assert EmailAddress.objects.get().verified


def test_who_was_on_the_way_somewhere_gets_there(browser: Browser) -> None:
    sign_up(browser, next="/dashboard/welcome")
    assert browser.send(link_in(mail.outbox[0])).headers["Location"] == "/dashboard/welcome"


def test_the_link_opened_in_another_browser_confirms_and_asks_to_sign_in(browser: Browser) -> None:
    sign_up(browser)
    other = Browser()
    assert other.send(link_in(mail.outbox[0])).headers["Location"] == "/accounts/login/"
    assert not other.signed_in
    assert other.sign_in().headers["Location"] == "/dashboard"


def test_before_the_address_is_confirmed_nobody_is_signed_in_and_the_link_comes_again(browser: Browser) -> None:
    person(verified=False)
    assert browser.sign_in().headers["Location"] == LOOK
    assert not browser.signed_in
    assert link_in(mail.outbox[0]).startswith(LOOK)


@pytest.mark.parametrize("key", ["nonsense", "Mg:1abcde:forged_signature-0"])
def test_a_forged_link_says_what_to_do(browser: Browser, key: str) -> None:
    page = browser.get(f"{LOOK}{key}/")
    assert "This link does not work any more" in text(page)
    assert browser.send(f"{LOOK}{key}/", page="/accounts/login/").status_code == 404


def test_a_link_that_was_used_says_what_to_do(browser: Browser) -> None:
    sign_up(browser)
    link = link_in(mail.outbox[0])
    browser.send(link)
    assert "does not work any more" in text(Browser().get(link))


def test_a_link_of_four_days_ago_says_what_to_do(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(browser)
    later = time.time() + timedelta(days=4).total_seconds()
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert "older than three days" in text(Browser().get(link_in(mail.outbox[0])))


@pytest.mark.parametrize(
    ("email", "password", "told"),
    [
        ("ann", PASSWORD, "valid email address"),
        ("", PASSWORD, "required"),
        ("ann@example.com", "short", "at least 8 characters"),
        ("ann@example.com", "password", "too common"),
        ("quietevening@example.com", "quietevening", "too similar"),
        ("ann@example.com", "", "required"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(browser: Browser, email: str, password: str, told: str) -> None:
    page = browser.send(SIGN_UP, email=email, password1=password)
    assert told in text(page)
    assert 'aria-invalid="true"' in page.content.decode()
    assert not User.objects.exists()


def test_a_known_address_is_told_by_mail_alone(browser: Browser) -> None:
    person()
    assert sign_up(browser).headers["Location"] == LOOK
    (message,) = mail.outbox
    assert message.subject == "You have a BetEdge account already"
    assert link_in(message) == "/accounts/password/reset/"
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_once_makes_one_account_and_no_error() -> None:
    answers = at_once(*[lambda: sign_up(Browser())] * 3, lambda: sign_up(Browser(), "ann@example.org"))
    assert [answer.headers["Location"] for answer in answers] == [LOOK] * 4
    assert sorted(User.objects.values_list("email", flat=True)) == ["ann@example.com", "ann@example.org"]


def test_nobody_makes_themselves_staff(browser: Browser) -> None:
    sign_up(browser, is_staff="on", is_superuser="on", username="root", first_name="Root")
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.username, user.first_name) == (False, False, "ann", "")
