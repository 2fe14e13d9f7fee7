"""The forms of allauth that do a little more: as much work for a known address as for a new one; a code once."""

from typing import Any

from allauth.account.forms import SignupForm
from allauth.account.internal.userkit import filter_users_by_email
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse


class SignUpForm(SignupForm):
    """Says the same of a known address as of a new one, and takes as long."""

    account_already_exists: bool  # allauth finds out when it checks the address

    @transaction.atomic
    def try_save(self, request: HttpRequest) -> tuple[AbstractBaseUser | None, HttpResponse | None]:
        email = self.cleaned_data["email"]
        alone_with(email)
        self.account_already_exists = bool(filter_users_by_email(email))
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])  # nine tenths of the time of a sign-up
        return super().try_save(request)  # type: ignore[no-any-return]


def alone_with(email: str) -> None:
    """Until the transaction ends nobody else signs up with it, nor makes the user name that is made of its beginning.

    A form that is sent twice at once would make two accounts.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [email.partition("@")[0].lower()])


class PasskeyForm(AddWebAuthnForm):
    """What no browser would send is refused, where allauth fails."""

    def clean(self) -> Any:
        try:
            return super().clean()
        except (TypeError, ValueError, KeyError, AttributeError):
            raise get_adapter().validation_error("incorrect_code") from None


class OnceOnly(BaseAuthenticateForm):
    """A code counts once for as long as it is valid: allauth forgets it after half a minute."""

    def clean_code(self) -> str:
        code = str(super().clean_code())
        seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
        if not cache.add(f"code-used:{self.user.pk}:{''.join(code.split())}", 1, timeout=seconds):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OnceOnly, AuthenticateForm):
    """At the sign-in."""


class CodeAgainForm(OnceOnly, ReauthenticateForm):
    """Before something that matters."""
