"""A second factor: an authenticator app, recovery codes, passkeys; sealed in the database, and good once."""

import base64
import json
import re
from html import unescape
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core import mail

from apps.accounts.queries import has_two_factors
from apps.accounts.renewing import renew_two_factors
from apps.core import sealing
from tests.accounts.people import SECRET, Browser, code, csrf_token, person, text, with_app

pytestmark = pytest.mark.django_db
SECOND = "/accounts/2fa/authenticate/"
APP = "/accounts/2fa/totp/activate/"
CODES = "/accounts/2fa/recovery-codes/"


@pytest.fixture
def known(browser: Browser) -> Browser:
    """Signed in, and just shown again that it is them."""
    person()
    browser.sign_in()
    browser.show_it_is_them()
    return browser


def set_up_app(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.generate_totp_secret", lambda: SECRET)
    page = browser.get(APP)
    return browser.post(APP, {"code": code(), "csrfmiddlewaretoken": csrf_token(page)})


@pytest.mark.django_db(transaction=True)  # the mail is sent when it is written
def test_an_app_is_set_up_by_picture_or_by_text_and_recovery_codes_come_with_it(
    known: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.generate_totp_secret", lambda: SECRET)
    page = known.get(APP)
    assert SECRET in text(page)
    assert 'src="data:image/svg+xml' in page.content.decode()
    assert set_up_app(known, monkeypatch).headers["Location"] == CODES
    assert len(re.findall(r"\b\d{8}\b", text(known.get(CODES)))) == 10
    assert "An authenticator app was set up" in [message.subject for message in mail.outbox]


def test_it_is_asked_for_after_the_password(browser: Browser) -> None:
    with_app(person())
    assert browser.sign_in(next="/dashboard/there").headers["Location"].partition("?")[0] == SECOND
    assert not browser.signed_in
    assert browser.get("/accounts/").status_code == 302
    assert browser.send(SECOND, code=code()).headers["Location"] == "/dashboard/there"
    assert browser.signed_in


def test_a_wrong_code_is_refused_and_an_old_one(browser: Browser) -> None:
    with_app(person())
    browser.sign_in()
    for wrong in ("000000", "", code(later=-3), code(later=3)):
        page = browser.send(SECOND, code=wrong)
        assert "is not right" in text(page) or "required" in text(page)
    assert not browser.signed_in


@pytest.mark.parametrize("later", [-1, 1])
def test_a_clock_that_is_half_a_minute_off_does_not_matter(browser: Browser, later: int) -> None:
    with_app(person())
    browser.sign_in()
    assert browser.send(SECOND, code=code(later=later)).status_code == 302


def test_a_code_is_good_once_even_when_allauth_has_forgotten_it(browser: Browser, redis: Any) -> None:
    with_app(person())
    used = code(later=1)
    browser.sign_in()
    assert browser.send(SECOND, code=used).status_code == 302
    redis.delete(*redis.keys("*totp.used*"))
    other = Browser()
    other.sign_in()
    assert "is not right" in text(other.send(SECOND, code=f" {used[:3]} {used[3:]}"))


def test_a_recovery_code_signs_in_once(browser: Browser) -> None:
    user = person()
    with_app(user)
    spare = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    browser.sign_in()
    assert browser.send(SECOND, code=spare).status_code == 302
    other = Browser()
    other.sign_in()
    assert "is not right" in text(other.send(SECOND, code=spare))


def test_turning_the_last_factor_off_takes_the_recovery_codes_with_it(browser: Browser) -> None:
    with_app(person())
    browser.sign_in()
    browser.send(SECOND, code=code())
    browser.show_it_is_them()
    browser.send("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert mail.outbox[-1].subject == "The authenticator app was turned off"


@pytest.mark.parametrize("page", [APP, CODES, f"{CODES}generate/", f"{CODES}download/", "/accounts/2fa/webauthn/add/"])
def test_a_session_left_open_changes_no_factor_and_sees_no_code(browser: Browser, page: str) -> None:
    with_app(person())
    browser.sign_in()
    browser.send(SECOND, code=code())
    if page == APP:
        Authenticator.objects.all().delete()
    assert "/accounts/reauthenticate/" in browser.get(page).headers["Location"]


def test_the_secrets_are_sealed_in_the_database(known: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up_app(known, monkeypatch)
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in kept
    assert sealing.unseal(Authenticator.objects.get(type="totp").data["secret"]) == SECRET
    assert sealing.unseal(Authenticator.objects.get(type="recovery_codes").data["seed"])


def test_they_are_put_under_the_newest_key_and_used_codes_stay_used(settings: Any) -> None:
    with_app(person())
    codes = Authenticator.objects.get(type="recovery_codes").wrap()
    codes.validate_code(codes.get_unused_codes()[0])
    left = codes.get_unused_codes()
    settings.FERNET_KEYS = [Fernet.generate_key().decode(), *settings.FERNET_KEYS]
    forget_keys()
    try:
        assert (renew_two_factors(), renew_two_factors()) == (2, 0)
        settings.FERNET_KEYS = settings.FERNET_KEYS[:1]
        forget_keys()
        assert Authenticator.objects.get(type="totp").wrap().validate_code(code())
        assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes() == left
    finally:
        forget_keys()


def forget_keys() -> None:
    sealing.keys.cache_clear(), sealing.unseal.cache_clear()


def test_a_passkey_is_offered_for_our_name_and_none_is_taken_without_proof(known: Browser) -> None:
    page = known.get("/accounts/2fa/webauthn/add/").content.decode()
    offered = json.loads(unescape(re.findall(r'<script id="js_data"[^>]*>(.*?)</script>', page)[0]))
    options = offered["creation_options"]["publicKey"]
    assert options["rp"] == {"id": "testserver", "name": "BetEdge"}
    forged = {"id": "x", "rawId": "eA", "type": "public-key", "response": {}}
    for credential in ("", "nonsense", "{}", "[]", "7", '{"id": 7}', json.dumps(forged)):
        answer = known.send("/accounts/2fa/webauthn/add/", name="x", credential=credential)
        assert answer.status_code == 200, credential
    assert not has_two_factors(1)
    assert base64.urlsafe_b64decode(options["challenge"] + "==")


def test_the_pages_of_an_account_take_few_queries(known: Browser, django_assert_max_num_queries: Any) -> None:
    for page in ("/accounts/", "/accounts/2fa/", "/accounts/2fa/webauthn/", "/accounts/sessions/", "/accounts/email/"):
        with django_assert_max_num_queries(14):
            assert known.get(page).status_code == 200
