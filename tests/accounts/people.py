"""People who sign in, and the browser they do it with: Django's client with the CSRF check on, from any address."""

import re
import time
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.core import mail
from django.http import HttpResponse
from django.test import Client

PASSWORD = "a long and quiet evening"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Browser(Client):
    """Sends forms as a browser does: with the token of the page that shows them."""

    def __init__(self, address: str = "192.0.2.1", **defaults: Any) -> None:
        given = {"HTTP_X_FORWARDED_FOR": address, "HTTP_USER_AGENT": FIREFOX, **defaults}
        super().__init__(enforce_csrf_checks=True, **given)

    def send(self, path: str, page: str | None = None, **fields: Any) -> Any:
        """Open the page (the path itself, if no other is given) and send its form with these fields."""
        token = csrf_token(self.get(page or path))
        return self.post(path, {**fields, "csrfmiddlewaretoken": token})

    def sign_in(self, email: str = "ann@example.com", password: str = PASSWORD, **fields: Any) -> Any:
        return self.send("/accounts/login/", login=email, password=password, **fields)

    def show_it_is_them(self) -> None:
        """Give the password once more, as is asked before something that matters."""
        self.send("/accounts/reauthenticate/", password=PASSWORD)

    @property
    def signed_in(self) -> bool:
        return "_auth_user_id" in self.session


def csrf_token(page: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    return found[1] if found else ""


def text(page: HttpResponse) -> str:
    """What the page says in <main>, without its markup."""
    main = page.content.decode().partition("<main")[2].partition("</main>")[0].partition(">")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<script.*?</script>|<[^>]+>", " ", main, flags=re.DOTALL))).strip()


def person(email: str = "ann@example.com", *, verified: bool = True, **fields: Any) -> User:
    """Somebody with PASSWORD; their address confirmed unless said otherwise."""
    user = User.objects.create_user(email.partition("@")[0], email=email, password=PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return user


def with_app(user: User) -> Authenticator:
    """Their authenticator app, with SECRET, and recovery codes."""
    RecoveryCodes.activate(user)
    return TOTP.activate(user, SECRET).instance


def code(*, later: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + later))


def link_in(message: mail.EmailMessage) -> str:
    """The path of the first link in a mail."""
    found = re.search(r"https?://\S+", message.body)
    assert found, message.body
    return urlsplit(found[0]).path
