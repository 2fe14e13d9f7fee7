"""The running product as its users have it: addresses, the demo's ways in, mail that arrived, commands, API calls."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

from apps.devtools.sink.client import SinkClient
from apps.devtools.stack.stack import Stack

T = TypeVar("T")
PATIENCE = 20.0  # seconds


@dataclass
class Product:
    stack: Stack

    @property
    def url(self) -> str:
        return self.stack.url

    @property
    def sink(self) -> SinkClient:
        assert self.stack.sink
        return self.stack.sink

    @property
    def demo(self) -> dict[str, Any]:
        return self.stack.demo

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        return self.stack.manage(*arguments)

    def call(self, path: str, secret: str) -> requests.Response:
        """The API, asked with this key."""
        return requests.get(f"{self.url}/api/v1{path}", headers={"Authorization": f"Bearer {secret}"}, timeout=10)

    def link_to(self, address: str, path: str) -> str:
        """The newest link of this beginning that was mailed there, once it has arrived."""
        return until(lambda: self._links(address, path))[-1]

    def _links(self, address: str, path: str) -> list[str]:
        letters = sorted((self.stack.folder.path / "mail").glob("*"), key=lambda file: file.stat().st_mtime)
        texts = [file.read_text() for file in letters]
        wanted = re.compile(re.escape(self.url + path) + r"\S*")
        return [link for text in texts if f"To: {address}" in text for link in wanted.findall(text)]

    def import_picks(self, folder: Path, lines: list[dict[str, Any]]) -> None:
        file = folder / "picks.jsonl"
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        self.manage("import_picks", str(file))


def until(found: Callable[[], T]) -> T:
    """The first true thing that this finds; AssertionError after 20 s."""
    end = time.monotonic() + PATIENCE
    while not (thing := found()):
        assert time.monotonic() < end, "It did not happen within 20 s."
        time.sleep(0.1)
    return thing
