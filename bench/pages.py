"""The pages that people see: one request at a time, of a customer with a year of everything among a thousand."""

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from apps.devtools.stack.processes import StackError
from bench.product import Product
from bench.report import Row
from bench.rows import PageTime, page_rows, slowest
from bench.servers import OURS, web
from bench.tenants import LARGE, NEW, Sizes
from bench.visits import ADMIN, AUDIT, FRONT, STAFF

OWNER, NEW_OWNER, DEVELOPER = "person1@customer0.example", "person1@customer1.example", "person2@customer0.example"
WARM = 3  # of each page, in the worker that has the connection


class Browser:
    """One keep-alive connection with a session's cookie; without one nobody is signed in."""

    def __init__(self, port: int, session: str = "") -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Cookie": f"sessionid={session}"} if session else {}

    def time(self, path: str, *, status: int) -> float:
        """Milliseconds from asking to having all of the page; StackError for any other status."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != status:
            raise StackError(f"{path} was answered with {answer.status} in the place of {status}.")
        return (time.perf_counter() - began) * 1000

    def median(self, path: str, times: int, *, status: int = HTTPStatus.OK) -> float:
        """Of so many requests, behind those that do not count."""
        return median([self.time(path, status=status) for _ in range(WARM + times)][WARM:])


class Pages:
    """A database with a thousand customers and a `web` on it; `rows` measures.

    picks: settled ones of the last year. times: how often each page is asked for.
    """

    def __init__(
        self, folder: Path, extra: dict[str, str], *, picks: int, times: int, say: Callable[[str], None]
    ) -> None:
        self.folder = folder
        self.extra = extra
        self.picks = picks
        self.times = times
        self.say = say

    def rows(self) -> list[Row]:
        """A row for each area: its slowest page."""
        with ExitStack() as held:
            self.product = Product(self.extra, "bench.visits")
            held.callback(self.product.close)
            self.say(f"pages: filling a database with {self.picks:,} settled picks and {Sizes().tenants:,} customers")
            self.product("fill", self.picks, asdict(Sizes()))
            self.port, _ = held.enter_context(web(OURS, folder=self.folder, extra=self.extra))
            return self.measured()

    def measured(self) -> list[Row]:
        pages = self.product("pages", LARGE)
        self.say(f"pages: {len(pages)}, {self.times} times each")
        nobody, owner, staff = Browser(self.port), self.browser(OWNER), self.browser(STAFF)
        found: dict[str, list[PageTime]] = defaultdict(list)
        for area, what, path in pages:
            browser = {ADMIN: staff, FRONT: nobody}.get(area, owner)
            found[area].append(PageTime(what, browser.median(path, self.times)))
            self.say(f"  {found[area][-1].ms:4.0f} ms  {area}: {what}")
        return page_rows(found, new=self.of_the_new_customer(found), barest=self.refused(pages))

    def of_the_new_customer(self, found: dict[str, list[PageTime]]) -> dict[str, float]:
        """Milliseconds of the slowest page of each area that customers have, for the one who was born today."""
        names, browser = {slowest(pages).what for pages in found.values()}, self.browser(NEW_OWNER)
        return {
            what: browser.median(path, self.times)
            for area, what, path in self.product("pages", NEW)
            if what in names and area not in (ADMIN, FRONT)
        }

    def refused(self, pages: list[tuple[str, str, str]]) -> float:
        """Milliseconds of the barest page with a menu: the sentence for a role that may not open one."""
        path = next(path for _, what, path in pages if what == AUDIT)
        return self.browser(DEVELOPER).median(path, self.times, status=HTTPStatus.FORBIDDEN)

    def browser(self, email: str) -> Browser:
        """In which this person is signed in."""
        return Browser(self.port, self.product("sign_in", email))
