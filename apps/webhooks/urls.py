"""Read a webhook's URL, once and strictly: what is read here is what is dialled and sent. Pure: asks nobody."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import idna

from apps.core.errors import AppError
from apps.webhooks.addresses import Address, read_address

LONGEST = 2_048  # characters
PORTS = {"": 443, ":443": 443, ":8443": 8443}
ACCEPTABLE = re.compile(r"[!-~]*")
NEVER_PLAIN = frozenset('"<>\\^`{|}')  # no URL has them unescaped; readers differ in what they make of them
AUTHORITY = re.compile(r"(?:\[(?P<literal>[^]]*)]|(?P<name>[^:[]*))(?P<port>:.*)?", re.DOTALL)
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LIKE_A_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
LONGEST_NAME = 253

# The rule that a URL breaks, as `reason` names it, and the sentence that says what to do.
RULES = {
    "too_long": f"A webhook's URL has at most {LONGEST:,} characters.",
    "character": "Write the URL in visible ASCII: escape other characters with %, and a host's name as punycode.",
    "scheme": "A webhook's URL begins with https://.",
    "fragment": "A webhook's URL has no fragment; leave out the # and what follows.",
    "user_info": "A webhook's URL has no user name or password before its host.",
    "port": "A webhook's port is 443 or 8443.",
    "host": "The URL's host must be a whole name, or an address in its usual form.",
    "private_name": "The URL's host is a name within a network; use one that the whole internet knows.",
    "own_host": "The URL leads back to this service; use a host of yours.",
    "denied": "Webhooks are not sent to this host; use another one.",
    "private_address": "The URL's host is not at a public address; use one that the whole internet can reach.",
}


class InvalidUrl(AppError):
    """A URL that webhooks are not sent to; `reason` is the rule in RULES that it breaks."""

    code = "invalid_url"

    def __init__(self, reason: str) -> None:
        super().__init__(RULES[reason], reason=reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads.

    host: in lower case, without brackets or a dot at its end. path: with the query, as it goes over the wire.
    address: of a host that is written as one, else None.
    """

    host: str
    port: int
    path: str
    address: Address | None

    @property
    def netloc(self) -> str:
        """Host and port, the usual one left out: what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"

    @property
    def normalised(self) -> str:
        """The form in which two URLs are compared: two that lead to the same place are equal."""
        return f"https://{self.netloc}{self.path}"


def read_url(url: str) -> Target:
    """Where a URL leads, whoever is there; InvalidUrl where it breaks a rule of form."""
    if len(url) > LONGEST:
        raise InvalidUrl("too_long")
    if not ACCEPTABLE.fullmatch(url) or not NEVER_PLAIN.isdisjoint(url):
        raise InvalidUrl("character")
    if url[:8].lower() != "https://":
        raise InvalidUrl("scheme")
    if "#" in url:
        raise InvalidUrl("fragment")
    authority, path = _split(url[8:])
    if "@" in authority:
        raise InvalidUrl("user_info")
    parts = AUTHORITY.fullmatch(authority)
    if parts is None or not (parts["literal"] or parts["name"]):
        raise InvalidUrl("host")
    if (port := PORTS.get(parts["port"] or "")) is None:
        raise InvalidUrl("port")
    address = _bracketed(parts["literal"]) if parts["literal"] else _dotted(parts["name"].lower())
    host = str(address) if address else read_name(parts["name"])
    return Target(host=host, port=port, path=path, address=address)


def read_name(written: str) -> str:
    """A host's name in lower case, without a dot at its end; InvalidUrl where it is not a well-formed one."""
    name = written.lower().removesuffix(".")
    if len(name) > LONGEST_NAME or not all(_is_label(label) for label in name.split(".")):
        raise InvalidUrl("host")
    return name


def _split(rest: str) -> tuple[str, str]:
    """The authority, and the path and query as they are sent: an empty path is the root."""
    end = min((place for mark in "/?" if (place := rest.find(mark)) >= 0), default=len(rest))
    path = rest[end:]
    return rest[:end], path if path.startswith("/") else "/" + path


def _bracketed(literal: str) -> Address:
    try:
        if "%" in literal:  # a scope: such an address is no one else's than this machine's
            raise ValueError
        return read_address(str(IPv6Address(literal)))
    except ValueError:
        raise InvalidUrl("host") from None


def _dotted(name: str) -> Address | None:
    """The IPv4 address that is written, None for a name.

    Resolvers read 127.1, 0x7f000001 and 2130706433 as addresses; here only four decimal numbers are one.
    """
    if not LIKE_A_NUMBER.fullmatch(name.removesuffix(".").rpartition(".")[2]):
        return None
    try:
        return IPv4Address(name)
    except ValueError:
        raise InvalidUrl("host") from None


def _is_label(label: str) -> bool:
    if not LABEL.fullmatch(label):
        return False
    if label.startswith("xn--"):
        try:
            idna.ulabel(label)
        except idna.IDNAError:
            return False
    return True
