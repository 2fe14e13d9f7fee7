"""Sign in and out, forget a password, change it or the address."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command

from tests.accounts.people import PASSWORD, Browser, link_in, person, text

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"
NEW = "another long evening"


def set_password(browser: Browser, link: str, password: str = NEW) -> Any:
    """Follow a reset link to its form, and send it."""
    form = browser.get(link).headers["Location"]
    return browser.send(form, password1=password, password2=password)


def test_a_person_signs_in_by_address_and_password_and_lands_on_the_dashboard(browser: Browser) -> None:
    person()
    assert browser.sign_in().headers["Location"] == "/dashboard"
    assert browser.signed_in


@pytest.mark.parametrize("typed", ["ANN@example.com", " ann@example.com "])
def test_how_the_address_is_typed_does_not_matter(browser: Browser, typed: str) -> None:
    person()
    assert browser.sign_in(typed).status_code == 302


@pytest.mark.parametrize(
    ("email", "password"), [("ann@example.com", "wrong"), ("ann", PASSWORD), ("ann@example.com", "")]
)
def test_anything_else_is_refused_with_a_sentence(browser: Browser, email: str, password: str) -> None:
    person()
    page = browser.sign_in(email, password)
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode() or "is not right" in text(page)
    assert not browser.signed_in


def test_a_user_name_is_no_way_in(browser: Browser) -> None:
    User.objects.create_superuser("root", email="root@example.com", password=PASSWORD)
    assert browser.sign_in("root").status_code == 200
    assert not browser.signed_in


def test_a_closed_account_says_so(browser: Browser) -> None:
    person(is_active=False)
    assert "This account is closed" in text(browser.get(browser.sign_in().headers["Location"]))
    assert not browser.signed_in


def test_signing_out_takes_a_form(browser: Browser) -> None:
    person()
    browser.sign_in()
    assert "Sign out?" in text(browser.get("/accounts/logout/"))
    assert browser.signed_in
    assert browser.send("/accounts/logout/").status_code == 302
    assert not browser.signed_in


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(browser: Browser) -> None:
    person()
    assert browser.send(RESET, email="ann@example.com").headers["Location"] == f"{RESET}done/"
    (message,) = mail.outbox
    assert message.subject == "Set a new password"
    link = link_in(message)
    done = set_password(browser, link)
    assert "Your password is set" in text(browser.get(done.headers["Location"]))
    assert not browser.signed_in
    assert mail.outbox[1].subject == "Your password was reset"
    assert Browser().sign_in(password=PASSWORD).status_code == 200
    assert Browser().sign_in(password=NEW).status_code == 302
    assert "does not work any more" in text(Browser().get(link, follow=True))


@pytest.mark.parametrize("link", [f"{RESET}key/1-set-password/", f"{RESET}key/1-c0ffee-aaaaaaaaaaaa/"])
def test_a_forged_reset_link_says_what_to_do(browser: Browser, link: str) -> None:
    person()
    page = browser.get(link, follow=True)
    assert "does not work any more" in text(page)
    assert f'href="{RESET}"' in page.content.decode()


def test_a_reset_link_works_for_an_hour(browser: Browser, settings: Any) -> None:
    person()
    browser.send(RESET, email="ann@example.com")
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "older than an hour" in text(browser.get(link_in(mail.outbox[0]), follow=True))


def test_an_unknown_address_is_told_that_it_is_unknown(browser: Browser) -> None:
    browser.send(RESET, email="nobody@example.com")
    assert mail.outbox[0].to == ["nobody@example.com"]
    assert link_in(mail.outbox[0]) == "/accounts/signup/"


def test_a_new_address_replaces_the_old_one_when_it_is_confirmed(browser: Browser) -> None:
    user = person()
    browser.sign_in()
    browser.show_it_is_them()
    browser.send("/accounts/email/", email="new@example.com", action_add="")
    assert "waits to be confirmed" in text(browser.get("/accounts/email/"))
    assert User.objects.get().email == "ann@example.com"
    browser.send(link_in(mail.outbox[0]))
    assert User.objects.get().email == "new@example.com"
    assert list(EmailAddress.objects.filter(user=user).values_list("email", flat=True)) == ["new@example.com"]
    told = mail.outbox[1]
    assert told.to == ["ann@example.com"], "whoever is robbed of an account hears of it"
    assert "to new@example.com" in told.body


def test_a_superuser_made_on_the_command_line_confirms_the_address_at_the_first_sign_in(browser: Browser) -> None:
    call_command("createsuperuser", username="root", email="root@example.com", interactive=False, verbosity=0)
    root = User.objects.get()
    root.set_password(PASSWORD)
    root.save()
    assert browser.sign_in("root@example.com").headers["Location"] == "/accounts/confirm-email/"
    assert browser.send(link_in(mail.outbox[0])).headers["Location"] == "/dashboard"
    assert browser.get("/admin/").status_code == 200
