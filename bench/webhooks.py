"""Webhooks at work: from publication to receivers, beside the naive way and beside attempts alone."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from apps.devtools.stack.processes import Child
from apps.devtools.stack.procfile import argv, commands
from bench.install import ROOT
from bench.product import PICK, Product
from bench.receivers import NAME, PEERS_NAME, sink
from bench.report import Row
from bench.servers import environment

HEALTHY, HANGING = 1_000, 100
DEADLINE_SECONDS = 10.0
NAIVE = [
    *(sys.executable, "-m", "celery", "-A", "bench.peers.naive", "worker", "--pool", "threads", "--concurrency", "32"),
    *("--queues", "naive", "--without-gossip", "--without-mingle", "--without-heartbeat"),
]


@dataclass(frozen=True, slots=True)
class Fanned:
    """Deliveries of one publication as their receivers saw them: seconds after it, and how many a second."""

    first: float
    p99: float
    rate: float


def fanned(published_at: float, arrived: list[float]) -> Fanned:
    """arrived: Unix times, in order. The rate is that of all after the first: it does not wait for the beginning."""
    worst = arrived[int(0.99 * (len(arrived) - 1))]
    spread = max(arrived[-1] - arrived[0], 1e-9)
    return Fanned(arrived[0] - published_at, worst - published_at, (len(arrived) - 1) / spread)


class Webhooks:
    """A database with subscriptions, a process of `deliver`, and a sink; `rows` measures.

    runs: publications whose medians count. drain: deliveries that are due at once in the long drain.
    """

    def __init__(
        self, folder: Path, extra: dict[str, str], *, runs: int, drain: int, say: Callable[[str], None]
    ) -> None:
        self.folder = folder
        self.extra = extra
        self.runs = runs
        self.drain = drain
        self.say = say

    def rows(self) -> list[Row]:
        """Every row of the table; it takes some minutes, most of them for the long drain."""
        with ExitStack() as held:
            self.sink = held.enter_context(sink(self.folder / "sink"))
            self.extra |= {
                "BETEDGE_WEBHOOK_RESOLVE": f"{NAME}:8443=127.0.0.1:{self.sink.port}",
                "BETEDGE_WEBHOOK_CA_FILE": str(self.sink.authority),
            }
            self.product = Product(self.extra, "bench.sending")
            held.callback(self.product.close)
            self.product("fill", 0)
            self.product("subscribe", f"https://{NAME}:8443/ok", HEALTHY)
            deliver = held.enter_context(self.worker("deliver", argv(commands(ROOT / "Procfile")["deliver"])))
            naive = held.enter_context(self.worker("naive", NAIVE))
            return self.measured(psutil.Process(deliver.pid), naive)

    def measured(self, deliver: psutil.Process, naive: Child) -> list[Row]:
        alone, beside_hanging, peer = [], [], []
        self.product("tick")
        self.publication(), self.naively()  # what is begun and made once in a process is made now
        for turn in range(1, self.runs + 1):
            self.say(f"webhooks: run {turn} of {self.runs}")
            alone.append(self.publication())
            beside_hanging.append(self.publication_beside_hanging())
            peer.append(self.naively())
        naive.stop(timeout=15)
        before = deliver.memory_info().rss
        self.say(f"webhooks: draining {self.drain:,} due deliveries")
        drained = self.publication(events=self.drain // HEALTHY)
        after = deliver.memory_info().rss
        ceiling = self.product("attempts", f"https://{NAME}:8443/ok", 2 * HEALTHY)
        rate = median(each.rate for each in alone)
        return [
            Row("publish → first byte, first of 1,000", "ms", 1e3 * median(each.first for each in alone), 100),
            Row("publish → first byte, 1,000, p99", "s", median(each.p99 for each in alone), 2),
            Row(
                f"the same beside {HANGING} that hang, p99",
                "s",
                median(each.p99 for each in beside_hanging),
                1.3,
                "≤",
                median(each.p99 for each in alone),
                "without",
            ),
            Row(
                "deliveries",
                "/s",
                rate,
                2,
                "≥",
                median(each.rate for each in peer),
                "naive Celery",
                {"attempts alone": ceiling},
            ),
            Row(f"draining {self.drain:,} due deliveries", "/s", drained.rate, 0.8, "≥", rate, "1,000"),
            Row("memory of `deliver` after it", "MB", after / 2**20, 1.2, "≤", before / 2**20, "before"),
        ]

    def publication(self, *, events: int = 1) -> Fanned:
        """So many events to the healthy subscriptions, told at once."""
        since = self.sink.total()
        published_at = self.product("tell", PICK, events)
        return fanned(published_at, self.sink.arrived(since, count=events * HEALTHY, beneath="/ok"))

    def publication_beside_hanging(self) -> Fanned:
        """One event, also to a hundred new subscriptions whose receivers take it and never answer."""
        self.product("subscribe", f"https://{NAME}:8443/hang", HANGING)
        since = self.sink.total()
        published_at = self.product("tell", PICK)
        arrived = self.sink.arrived(since, count=HEALTHY + HANGING, beneath="/ok")
        self.product("unsubscribe", "/hang")
        time.sleep(DEADLINE_SECONDS)  # until they are given up, so that the next run begins like the first
        return fanned(published_at, arrived)

    def naively(self) -> Fanned:
        """As many deliveries as a publication has, the naive way."""
        since = self.sink.total()
        began = self.product("naively", f"https://{PEERS_NAME}:{self.sink.port}/ok", HEALTHY)
        return fanned(began, self.sink.arrived(since, count=HEALTHY, beneath="/ok"))

    @contextmanager
    def worker(self, name: str, command: list[str]) -> Iterator[Child]:
        child = Child(
            name=name,
            argv=command,
            log=self.folder / f"{name}.log",
            env=environment({**self.extra, "REQUESTS_CA_BUNDLE": str(self.sink.authority)}),
            cwd=ROOT,
        )
        child.start()
        try:
            yield child
        finally:
            child.stop(timeout=15)
