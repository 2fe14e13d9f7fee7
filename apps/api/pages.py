"""Pages of picks, kept as bytes in this process: served again until a pick changes, and while PostgreSQL is away."""

import threading
from http import HTTPStatus
from typing import NamedTuple, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.api.answers import tagged_bytes
from apps.api.bodies import has_body
from apps.core.postgres import POSTGRES, Listener

MOST_BYTES = 32 * 1024 * 1024
ENDPOINTS = {"picks", "picks/{id}"}  # open to every tier, and made of picks alone: the same bytes for every caller


BOOKKEEPING = 500  # bytes that a page takes beside its own and those of its address


class Page(NamedTuple):
    generation: int
    content: bytes
    tag: str
    weight: int


class Pages:
    """By what was asked. The oldest go first when there are too many."""

    def __init__(self, postgres: Listener) -> None:
        self.postgres = postgres
        self.kept: dict[tuple[str, ...], Page] = {}
        self.bytes = 0
        self.lock = threading.Lock()

    def find(self, request: HttpRequest, endpoint: str) -> HttpResponse | None:
        """The answer that would be made now, without making it."""
        page = self.last(request, endpoint)
        holds = page and self.postgres.hears and page.generation == self.postgres.generation
        return tagged_bytes(page.content, tag=page.tag) if page and holds else None

    def instead(self, request: HttpRequest, endpoint: str) -> HttpResponse | None:
        """The last answer that was made, for when PostgreSQL is away and none can be."""
        page = self.last(request, endpoint)
        return tagged_bytes(page.content, tag=page.tag) if page else None

    def last(self, request: HttpRequest, endpoint: str) -> Page | None:
        return self.kept.get(question(request)) if may_be_kept(request, endpoint) else None

    def keep(self, request: HttpRequest, endpoint: str, answer: HttpResponseBase, *, generation: int) -> None:
        """Keep an answer made in this generation, or later."""
        if not self.postgres.hears or answer.status_code != HTTPStatus.OK or not may_be_kept(request, endpoint):
            return
        asked, content = question(request), cast(HttpResponse, answer).content
        weight = len(content) + sum(map(len, asked)) + BOOKKEEPING
        with self.lock:
            self.drop(asked)
            self.kept[asked] = Page(generation, content, answer.headers["ETag"], weight)
            self.bytes += weight
            while self.bytes > MOST_BYTES:
                self.drop(next(iter(self.kept)))

    def drop(self, asked: tuple[str, ...]) -> None:
        gone = self.kept.pop(asked, None)
        self.bytes -= gone.weight if gone else 0


PAGES = Pages(POSTGRES)


def may_be_kept(request: HttpRequest, endpoint: str) -> bool:
    return endpoint in ENDPOINTS and request.method == "GET" and not has_body(request)


def question(request: HttpRequest) -> tuple[str, ...]:
    """What an answer depends on: the address asked. Its host too, since one that is not ours gets no page."""
    asked = request.META
    return asked.get("HTTP_HOST", ""), request.path_info, asked.get("QUERY_STRING", "")
