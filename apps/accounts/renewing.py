"""Encrypt the secrets of second factors anew, so that an old key of BETEDGE_FERNET_KEYS can be taken away."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from apps.core.sealing import is_newest, seal_anew

SEALED = ["secret", "seed"]  # of an authenticator app; of the recovery codes


def renew_two_factors() -> int:
    """See that each is encrypted with the newest key; how many were not.

    ImproperlyConfigured for a secret that no key opens.
    """
    keys = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("pk", flat=True)
    return sum(_renew(key) for key in keys)


@transaction.atomic
def _renew(key: int) -> bool:
    """Under a lock: a recovery code that is used meanwhile stays used."""
    held = Authenticator.objects.select_for_update().filter(pk=key).first()
    old = {name: held.data[name] for name in SEALED if name in held.data} if held else {}
    new = {name: seal_anew(sealed) for name, sealed in old.items() if not is_newest(sealed)}
    if held and new:
        held.data |= new
        held.save(update_fields=["data"])
    return bool(new)
