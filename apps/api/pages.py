"""Pages of picks, kept as bytes in this process: served again until a pick changes, and while PostgreSQL is away."""

import threading
from http import HTTPStatus
from typing import Any, NamedTuple, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.api.answers import tagged_bytes
from apps.api.bodies import has_body
from apps.core.postgres import POSTGRES, Listener

Environ = dict[str, Any]  # a request as WSGI has it; Django calls it META
MOST_BYTES = 32 * 1024 * 1024
ENDPOINTS = {"picks", "picks/{id}"}  # open to every tier, and made of picks alone: the same bytes for every caller


BOOKKEEPING = 500  # bytes that a page takes beside its own and those of its address


class Page(NamedTuple):
    endpoint: str
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

    def find(self, environ: Environ) -> Page | None:
        """The page that would be made now, without making it."""
        page = self.kept.get(question(environ))
        if page is None or not self.postgres.hears or page.generation != self.postgres.generation:
            return None
        return page if is_plain(environ) else None

    def instead(self, request: HttpRequest) -> HttpResponse | None:
        """The last answer that was made, for when PostgreSQL is away and none can be."""
        page = self.kept.get(question(request.META)) if is_plain(request.META) else None
        return tagged_bytes(page.content, tag=page.tag) if page else None

    def keep(self, request: HttpRequest, endpoint: str, answer: HttpResponseBase, *, generation: int) -> None:
        """Keep an answer made in this generation, or later."""
        if endpoint not in ENDPOINTS or answer.status_code != HTTPStatus.OK or not is_plain(request.META):
            return
        if not self.postgres.hears:
            return
        asked, content = question(request.META), cast(HttpResponse, answer).content
        weight = len(content) + sum(map(len, asked)) + BOOKKEEPING
        with self.lock:
            self.drop(asked)
            self.kept[asked] = Page(endpoint, generation, content, answer.headers["ETag"], weight)
            self.bytes += weight
            while self.bytes > MOST_BYTES:
                self.drop(next(iter(self.kept)))

    def drop(self, asked: tuple[str, ...]) -> None:
        gone = self.kept.pop(asked, None)
        self.bytes -= gone.weight if gone else 0


PAGES = Pages(POSTGRES)


def is_plain(environ: Environ) -> bool:
    """Whether a request is the kind that a page can answer."""
    return environ["REQUEST_METHOD"] == "GET" and not has_body(environ)


def question(environ: Environ) -> tuple[str, ...]:
    """What an answer depends on: the address asked. Its host too, since one that is not ours gets no page."""
    return environ.get("HTTP_HOST", ""), environ["PATH_INFO"], environ.get("QUERY_STRING", "")
