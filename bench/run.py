"""One run: the servers, then every measurement in alternating rounds, then the rows."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType

import psycopg

from apps.devtools.stack.processes import StackError
from bench import profile, streams
from bench.install import ROOT
from bench.load import Caller, Load, load
from bench.pages import Pages
from bench.product import Product
from bench.report import Row
from bench.rows import limiter_rows, waiting_rows, warm_rows
from bench.servers import OURS, environment, stores, web, with_path
from bench.webhooks import Webhooks

PICKS, RECORD = "/api/v1/picks?limit=50", "/api/v1/track-record?days_back=365"
STREAM_EVENTS = 10
SETTLE_SECONDS = 0.1  # after a change, until every process has heard of it
CONVENTIONAL = "bench.peers.conventional.wsgi:application"
CEILING = "bench.peers.ceiling:application"
PARTS = ("webhooks", "pages")  # that can be run alone: they ask nothing of the others' databases


@dataclass(frozen=True, slots=True)
class Sizes:
    """few, many: settled picks of the two databases. seconds: of one load. waits: single requests a time row takes.

    streams: readers of one process, who are told of STREAM_EVENTS. year: settled picks behind the pages.
    publications: to 1,000 webhooks each. drain: webhook deliveries due at once.

    organizations, keys_each: whose Enterprise keys are used in turn, 10,000 requests an hour each: no limit is raised.
    """

    few: int
    many: int
    runs: int
    seconds: int
    waits: int
    publications: int
    drain: int
    organizations: int = 4
    keys_each: int = 50
    streams: int = 5_000
    year: int = 100_000

    @property
    def deep(self) -> int:
        """A page deep in the larger database: 5,000 of a million picks."""
        return self.many // 200


WHOLE = Sizes(few=10_000, many=1_000_000, runs=5, seconds=5, waits=30, publications=3, drain=100_000)
QUICK = Sizes(few=10_000, many=100_000, runs=3, seconds=1, waits=10, publications=1, drain=5_000, streams=1_000)


@dataclass
class Site:
    """One stack on one database: where it listens, and its keys as Authorization headers."""

    port: int
    headers: Path
    pid: int | None

    @property
    def authorization(self) -> str:
        return self.headers.read_text().partition("\n")[0]

    def load(self, path: str, seconds: int) -> Load:
        return load(url=f"http://127.0.0.1:{self.port}{path}", headers=self.headers, seconds=seconds)

    def caller(self) -> Caller:
        return Caller(self.port, self.authorization)


class Run:
    """Everything that a run starts, ended with it. `rows()` measures all of it, `part()` one part alone."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder = folder
        self.sizes = sizes
        self.began = time.monotonic()
        self.open = ExitStack()
        self.products: dict[str, Product] = {}
        self.sites: dict[str, Site] = {}

    def __enter__(self) -> "Run":
        self.say("starting PostgreSQL and Valkey")
        self.addresses = self.open.enter_context(stores())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open.close()

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:4.0f} s  {text}", flush=True)

    def start(self) -> None:
        """Both databases filled, and on each of them our stack and the conventional one; one ceiling."""
        addresses = self.addresses
        for number, (size, picks) in enumerate({"few": self.sizes.few, "many": self.sizes.many}.items(), start=1):
            self.say(f"filling a database with {picks:,} settled picks")
            extra = self.database(addresses, size, number)
            product = self.products[size] = Product(extra)
            self.open.callback(product.close)
            product("fill", picks)
            keys = product("keys", "enterprise", self.sizes.organizations, self.sizes.keys_each)
            self.serve(f"ours {size}", OURS, extra, [f"Bearer {key}" for key in keys])
            extra = extra | {"REDIS_URL": with_path(addresses["valkey"], str(number + 10))}
            self.serve(f"conventional {size}", CONVENTIONAL, extra, self.conventional_keys(extra, len(keys)))
        self.say("starting the ceiling")
        caller = self.sites["ours few"].caller()
        (self.folder / "body").write_bytes(caller.get(PICKS))
        caller.close()
        self.serve("ceiling", CEILING, {"BENCH_BODY": str(self.folder / "body")}, ["none is asked"])
        self.stream_extra = self.database(addresses, "few", 1)
        self.limiter_extra = self.database(addresses, "few", 1) | {"REDIS_URL": with_path(addresses["valkey"], "30")}

    def database(self, addresses: dict[str, str], name: str, number: int) -> dict[str, str]:
        """The settings of one database, which is made if it is not there, with a Redis database of its own."""
        with psycopg.connect(addresses["postgres"], autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(f"CREATE DATABASE {name}")
        return {
            "DATABASE_URL": with_path(addresses["postgres"], name),
            "REDIS_URL": with_path(addresses["valkey"], str(number)),
            "BETEDGE_DATA_DIR": str(self.folder / "data"),
            "BETEDGE_LOG_LEVEL": "WARNING",
        }

    def serve(self, name: str, application: str, extra: dict[str, str], headers: list[str]) -> None:
        port, child = self.open.enter_context(web(application, folder=self.folder, extra=extra))
        file = self.folder / f"{name}.headers"
        file.write_text("\n".join(headers) + "\n")
        self.sites[name] = Site(port, file, child.pid)

    def conventional_keys(self, extra: dict[str, str], count: int) -> list[str]:
        command = [sys.executable, "-m", "bench.peers.conventional.prepare", str(count)]
        done = subprocess.run(command, cwd=ROOT, env=environment(extra), stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise StackError("The conventional stack could not be prepared; the reason stands above.")
        return [f"Api-Key {key}" for key in json.loads(done.stdout)]

    def profile(self) -> dict[str, dict[str, float]]:
        """Where a warm request's time goes, in percent by part; empty where py-spy cannot look."""
        self.say("py-spy: where a warm request's time goes")
        site, seconds = self.sites["ours few"], 2 * self.sizes.seconds
        assert site.pid
        found: dict[str, dict[str, float]] = {}
        for only in profile.ONLY:
            file = self.folder / f"{only}.stacks"
            spy = profile.record(site.pid, seconds=seconds, file=file, only=only)
            site.load(PICKS, seconds + 1)
            spy.wait(60)
            found[only] = profile.shares(file.read_text().splitlines()) if file.exists() else {}
        return found

    def part(self, name: str) -> list[Row]:
        """The rows of one of PARTS."""
        return {"webhooks": self.webhooks, "pages": self.pages}[name]()

    def rows(self) -> list[Row]:
        self.start()
        deep = f"{PICKS}&cursor={self.products['many']('cursor', self.sizes.deep)}"
        return [
            *warm_rows(self.loads(deep), deep=self.sizes.deep),
            *waiting_rows(self.waits(deep), deep=self.sizes.deep),
            *limiter_rows(self.limiters()),
            *self.streams(),
            *self.webhooks(),
            *self.pages(),
        ]

    def pages(self) -> list[Row]:
        extra = self.database(self.addresses, "pages", 22)
        folder = self.folder / "pages"
        folder.mkdir()
        return Pages(folder, extra, picks=self.sizes.year, times=self.sizes.waits, say=self.say).rows()

    def webhooks(self) -> list[Row]:
        extra = self.database(self.addresses, "webhooks", 21)
        folder = self.folder / "webhooks"
        folder.mkdir()
        return Webhooks(folder, extra, runs=self.sizes.publications, drain=self.sizes.drain, say=self.say).rows()

    def streams(self) -> list[Row]:
        self.say(f"{self.sizes.streams:,} streams of one process, ours and then the peer's")
        count, product = self.sizes.streams, self.products["few"]
        saw = streams.measure(self.folder, product, self.stream_extra, count=count, events=STREAM_EVENTS)
        return streams.stream_rows(saw, count=count)

    def loads(self, deep: str) -> dict[str, Load]:
        """Medians under load, by what was asked. Each is asked once before it counts: workers meet their keys there."""
        asked = {
            "ours": ("ours few", PICKS),
            "ceiling": ("ceiling", PICKS),
            "conventional": ("conventional few", PICKS),
            "ours many": ("ours many", PICKS),
            "ours deep": ("ours many", deep),
            "record": ("ours few", RECORD),
            "record many": ("ours many", RECORD),
        }
        found: dict[str, list[Load]] = defaultdict(list)
        for turn in range(self.sizes.runs + 1):
            self.say(f"wrk: {'warming up' if turn == 0 else f'run {turn} of {self.sizes.runs}'}")
            for name, (site, path) in asked.items():
                saw = self.sites[site].load(path, self.sizes.seconds if turn else 2)
                if turn:
                    found[name].append(saw)
        return {
            name: Load(median(each.rps for each in runs), median(each.p99_ms for each in runs))
            for name, runs in found.items()
        }

    def waits(self, deep: str) -> dict[str, float]:
        """Median milliseconds of single requests: ours each the first after a pick changed, the peer's as they come."""
        asked: dict[str, tuple[str, str]] = {
            "page": ("ours many", PICKS),
            "deep": ("ours many", deep),
            "record": ("ours many", RECORD),
            "page few": ("ours few", PICKS),
            "record few": ("ours few", RECORD),
            "peer page": ("conventional many", PICKS),
            "peer deep": ("conventional many", f"{PICKS}&offset={50 * (self.sizes.deep - 1)}"),
            "peer record": ("conventional many", RECORD),
            "peer page few": ("conventional few", PICKS),
            "peer record few": ("conventional few", RECORD),
        }
        self.say(f"single requests, {self.sizes.waits} of each, every one after a change")
        callers = {site: self.sites[site].caller() for site, _ in asked.values()}
        found: dict[str, list[float]] = defaultdict(list)
        for turn in range(self.sizes.waits):
            for name, (site, path) in sorted(asked.items(), reverse=bool(turn % 2)):
                if site.startswith("conventional") and turn >= self.sizes.waits // 3:
                    continue  # it keeps nothing, so that nothing of it varies; and it takes its time
                result = self.products[site.rpartition(" ")[2]]("change")
                time.sleep(SETTLE_SECONDS)
                took, body = callers[site].time(path)
                if path == PICKS and f'"result":"{result}"' not in body.decode().partition("}")[0]:
                    raise StackError(f"{site} gave its old answer to {path} {SETTLE_SECONDS} s after a change.")
                found[name].append(took)
        for caller in callers.values():
            caller.close()
        return {name: median(each) for name, each in found.items()}

    def limiters(self) -> dict[str, dict[str, float]]:
        self.say("the limiters alone")
        product = self.products["few"]
        keys = {
            "enterprise": product("keys", "enterprise", self.sizes.runs, 1),
            "starter": product("keys", "starter", 2, 1),
        }
        done = subprocess.run(
            [sys.executable, "-m", "bench.limiters"],
            cwd=ROOT,
            env=environment(self.limiter_extra),
            input=json.dumps(keys),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError("The limiters could not be measured; the reason stands above.")
        found: dict[str, dict[str, float]] = json.loads(done.stdout)
        return found
