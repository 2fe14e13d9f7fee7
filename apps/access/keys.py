"""An API key's secret: how it is made, hashed and recognised. Knows no HTTP and no database."""

import hashlib
import re
import secrets

PREFIX = "betedge_"
SECRET = re.compile(PREFIX + r"[0-9a-f]{64}")
BEARER = re.compile(rf"[Bb][Ee][Aa][Rr][Ee][Rr] +({SECRET.pattern})")
BEGINNING = re.compile(rf"(?:{PREFIX})?([0-9a-f]{{8,64}})")


def new_secret() -> str:
    """`betedge_` and 64 lowercase hex digits: 256 random bits."""
    return PREFIX + secrets.token_hex(32)


def hash_secret(secret: str) -> str:
    """SHA-256 in hex: a secret of 256 random bits needs neither salt nor slowness."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hex_digits(secret: str) -> str:
    """The 64 digits behind the prefix."""
    return secret.removeprefix(PREFIX)


def secret_in(authorization: str) -> str | None:
    """The secret in an Authorization header's value: Bearer in any case, one space or more, one well-formed key.

    None for everything else; two such headers arrive joined by a comma, and so are None too.
    """
    found = BEARER.fullmatch(authorization)
    return found[1] if found else None


def digits_in(beginning: str) -> str | None:
    """The 8 to 64 hex digits of a key's beginning, typed with or without `betedge_`; None where it is not one."""
    found = BEGINNING.fullmatch(beginning.strip().lower())
    return found[1] if found else None
