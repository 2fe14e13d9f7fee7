"""The admin: through the sign-in of all, and with two factors where staff need them."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import override_settings

from tests.accounts.people import SECRET, Browser, code, person, text, with_app

pytestmark = pytest.mark.django_db
PAGES = [
    "/admin/",
    "/admin/login/",
    "/admin/picks/pick/",
    "/admin/auth/user/1/change/",
    "/admin/jsi18n/",
    "/admin/health/",
    "/admin/nowhere",
]


def staff_browser(**fields: Any) -> Browser:
    person(is_staff=True, is_superuser=True, **fields)
    browser = Browser()
    browser.sign_in()
    return browser


def test_the_admin_sends_to_the_sign_in_of_all_and_back(browser: Browser) -> None:
    person(is_staff=True, is_superuser=True)
    first = browser.get("/admin/picks/pick/", follow=True)
    assert first.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    assert "picks%2Fpick" in first.redirect_chain[-1][0]
    assert browser.sign_in(next="/admin/picks/pick/").headers["Location"] == "/admin/picks/pick/"
    assert browser.get("/admin/picks/pick/").status_code == 200


def test_djangos_own_sign_in_takes_no_password(browser: Browser) -> None:
    user = person(is_staff=True, is_superuser=True)
    answer = browser.send("/admin/login/", page="/accounts/login/", username=user.username, password="x")
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert not browser.signed_in


def test_who_is_no_staff_is_told_in_a_sentence_without_a_loop(browser: Browser) -> None:
    person()
    browser.sign_in()
    page = browser.get("/admin/picks/pick/", follow=True)
    assert (page.status_code, len(page.redirect_chain)) == (403, 1)
    assert "your account may not open it" in text(page)


@pytest.mark.parametrize("page", PAGES)
@override_settings(STAFF_TWO_FACTORS=True)
def test_staff_without_a_second_factor_are_led_to_one_whatever_they_ask(page: str) -> None:
    browser = staff_browser()
    answer = browser.get(page)
    assert answer.status_code == 403
    assert "The admin needs two factors" in text(answer)
    assert 'href="/accounts/2fa/"' in answer.content.decode()
    assert browser.send(page, page="/accounts/", action="x").status_code == 403


@override_settings(STAFF_TWO_FACTORS=True)
def test_recovery_codes_alone_are_no_second_factor() -> None:
    browser = staff_browser()
    with_app(EmailAddress.objects.get().user).delete()
    assert browser.get("/admin/").status_code == 403


@override_settings(STAFF_TWO_FACTORS=True)
def test_with_two_factors_the_admin_opens(browser: Browser) -> None:
    with_app(person(is_staff=True, is_superuser=True))
    browser.sign_in(next="/admin/")
    assert browser.get("/admin/").status_code == 302, "the password alone opens nothing"
    assert browser.send("/accounts/2fa/authenticate/", code=code()).headers["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200


@override_settings(STAFF_TWO_FACTORS=True)
def test_nobody_else_is_kept_from_their_pages() -> None:
    browser = staff_browser()
    assert browser.get("/accounts/").status_code == 200


def test_the_admins_own_password_form_leads_to_ours() -> None:
    assert staff_browser().get("/admin/password_change/").headers["Location"] == "/accounts/password/change/"


def test_the_admin_shows_who_has_which_factor_never_what_it_is_and_can_take_it_away() -> None:
    browser = staff_browser()
    row = with_app(person("bob@example.com"))
    pages = [f"/admin/mfa/authenticator/{tail}" for tail in ("", f"{row.pk}/change/", f"{row.pk}/delete/")]
    for page in [browser.get(each) for each in pages]:
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
        assert row.data["secret"] not in page.content.decode()
    browser.send(pages[2], post="yes")
    assert not Authenticator.objects.filter(type="totp").exists()
    assert browser.get("/admin/account/emailaddress/", {"q": "bob"}).status_code == 200
    assert browser.get("/admin/usersessions/usersession/").status_code == 404
    assert browser.get("/admin/accounts/outgoingmail/").status_code == 404
