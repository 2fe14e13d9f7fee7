"""How allauth does what we want otherwise: links to our own address, our words, callers by our own proxies' word."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse

from apps.core.requests import address_of
from apps.core.sealing import seal, unseal

NOWHERE = "0.0.0.0"  # in place of what is no address: they all share one limit


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up, sign-in, and what is mailed on the way."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is closed; write to us if you think that is wrong.",
        "email_password_mismatch": "The e-mail address or the password is not right; check both and try again.",
        "incorrect_password": "That is not your password; try again.",
        "enter_current_password": "That is not your password; try again.",
        "invalid_password_reset": "This link is used up or too old; ask for another one.",
        "too_many_login_attempts": "Too many attempts. Wait five minutes, or reset your password to sign in at once.",
        "incorrect_code": "That code is not right, or it was used already; enter the next one that your app shows.",
        "duplicate_email": "This is your address already.",
        "same_as_current": "This is your address already.",
        "rate_limited": "Too many attempts; wait a minute and try again.",
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or NOWHERE

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Every link leads to BETEDGE_PUBLIC_URL: the request's Host may be forged by whoever asks for the mail."""
        told = {"reset_url": reverse("account_reset_password"), **context}
        super().send_mail(template_prefix, email, with_our_links(told))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Allauth's begins with the Host, so that each name we answer to would give an attacker more attempts."""
        return str(credentials.get("email", "")).lower()


class TwoFactorAdapter(DefaultMFAAdapter):
    """Second factors, their secrets sealed in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        return f"Passkey {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.MFA_TOTP_ISSUER}


def with_our_links(context: Mapping[str, Any]) -> dict[str, Any]:
    """The same, with each value whose name ends in `_url` led to our public address."""
    ours = urlsplit(settings.BETEDGE_PUBLIC_URL)
    return {
        name: urlsplit(value)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
        if name.endswith("_url")
        else value
        for name, value in context.items()
    }
