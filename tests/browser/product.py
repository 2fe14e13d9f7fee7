"""The running product as its users have it: addresses, the demo's ways in, mail that arrived, commands, API calls."""

import json
import re
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import requests

from apps.devtools.sink.client import SinkClient
from apps.devtools.stack.letters import Letters
from apps.devtools.stack.stack import Stack

T = TypeVar("T")
PATIENCE = 20.0  # seconds
_ORGANIZATION = """
from apps.accounts.models import Organization
print(Organization.objects.get(name="Demo {tier}").pk)
"""


class Product:
    """A running stack, asked from outside."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.url = stack.url
        self.demo: dict[str, Any] = stack.demo
        self._letters = Letters(stack.mail_folder)
        self._mail: list[EmailMessage] = []

    @property
    def sink(self) -> SinkClient:
        assert self.stack.sink
        return self.stack.sink

    def demo_organization(self, tier: str) -> str:
        """The id of the demo organisation on this tier."""
        found = self.manage("shell", "-v0", "-c", _ORGANIZATION.format(tier=tier.title()))
        return found.strip().splitlines()[-1]

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        return self.stack.manage(*arguments)

    def status(self, path: str, secret: str) -> int:
        """How the API answers this key."""
        headers = {"Authorization": f"Bearer {secret}"}
        return requests.get(f"{self.url}/api/v1{path}", headers=headers, timeout=10).status_code

    def link_to(self, address: str, path: str) -> str:
        """The newest link of this beginning that was mailed there, once it has arrived; each is given once."""
        wanted = re.compile(re.escape(self.url + path) + r"\S+")

        def look() -> list[str]:
            self._mail += self._letters.new()
            theirs = [mail for mail in self._mail if mail["to"] == address]
            return [link for mail in theirs for link in wanted.findall(mail.get_content())]

        link = until(look)[-1]
        self._mail = [mail for mail in self._mail if mail["to"] != address or link not in mail.get_content()]
        return link

    def import_picks(self, folder: Path, lines: list[dict[str, Any]], *options: str) -> None:
        file = folder / "picks.jsonl"
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        self.manage("import_picks", str(file), *options)


def until(found: Callable[[], T]) -> T:
    """The first true thing that this finds; AssertionError after 20 s."""
    end = time.monotonic() + PATIENCE
    while not (thing := found()):
        assert time.monotonic() < end, "It did not happen within 20 s."
        time.sleep(0.1)
    return thing
