"""Keep a secret so that the database alone does not give it away."""

from functools import cache, lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@cache
def keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FERNET_KEYS])


def seal(secret: str) -> str:
    """Encrypted with the newest of BETEDGE_FERNET_KEYS."""
    return keys().encrypt(secret.encode()).decode()


@lru_cache(maxsize=10_000)
def unseal(sealed: str) -> str:
    """The secret again; ImproperlyConfigured where none of the keys is the one it was encrypted with."""
    try:
        return keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise ImproperlyConfigured(
            "A secret was encrypted with a key that BETEDGE_FERNET_KEYS does not hold any more; add it again."
        ) from None


def seal_anew(sealed: str) -> str:
    """The same secret, encrypted with the newest key; ImproperlyConfigured as for `unseal`."""
    return seal(unseal(sealed))


def is_newest(sealed: str) -> bool:
    """Whether it is encrypted with the newest key."""
    try:
        Fernet(settings.FERNET_KEYS[0]).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
