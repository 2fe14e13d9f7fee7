"""One run: make a world, publish and settle and kill, wait for the end, and give what everybody saw of it."""

import json
import random
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.system.chaos.killing import DELIVERERS, EMPTIED, RESTARTED, Crowd, call, complete, crowd
from tests.system.chaos.ledger import Ledger
from tests.system.chaos.plan import Size
from tests.system.chaos.readers import Reader
from tests.webhooks.authority import Authority
from tests.webhooks.receivers import Receiver

HOST = "hooks.example.test"
READY_SECONDS = 30.0
TELL_SECONDS = 10.0  # between two lines of progress
LOOK_SECONDS = 0.02
WORTH_A_KILL = 3  # requests under way at the receivers: more than one deliverer is likely to have made
LOG = "SELECT sequence, id::text, type, subject_id::text, body FROM outbox_outboxevent ORDER BY sequence"
DELIVERIES = """
SELECT id::text, subscription_id::text, event_id::text, status, attempts FROM webhooks_delivery
"""
ATTEMPTS = "SELECT delivery_id::text, number, status_code, error FROM webhooks_attempt ORDER BY delivery_id, number, at"
SUBSCRIPTIONS = "SELECT id::text, status FROM webhooks_subscription"
STANDS = """
SELECT (SELECT count(*) FROM outbox_outboxevent), count(*) FILTER (WHERE status = 'delivered'), count(*)
FROM webhooks_delivery
"""


@dataclass
class Seen:
    """What is left of a run.

    paths: by id of the subscription. in_flight: requests under way at the receivers at each kill of a deliverer.
    listed: how many picks the API has. The rest: the rows of LOG, DELIVERIES, ATTEMPTS and SUBSCRIPTIONS.
    """

    size: Size
    seconds: float
    paths: dict[str, str]
    arrivals: Ledger
    readers: list[Reader]
    killed: list[tuple[str, float]]
    in_flight: list[int]
    listed: int
    log: list[tuple[Any, ...]]
    deliveries: list[tuple[Any, ...]]
    attempts: list[tuple[Any, ...]]
    subscriptions: list[tuple[Any, ...]]


def run(size: Size, *, seed: int, folder: Path, path: str, say: Callable[[str], None]) -> Seen:
    """Do all of it on servers of its own in `folder`, where only `logs` stays; StackError where it cannot start."""
    ledger = Ledger(seed)
    authority = Authority(folder)
    receiver = Receiver(authority.context(HOST), ledger.behave)
    hooks = {
        "BETEDGE_WEBHOOK_RESOLVE": f"{HOST}:8443={receiver.host}:{receiver.port}",
        "BETEDGE_WEBHOOK_CA_FILE": str(authority.file),
    }
    here = crowd(folder / "data", path=path, hooks=hooks, dice=random.Random(seed), say=silent)
    with ended(here, receiver):
        complete(here)
        return Run(size, seed, here, ledger, say).go()


def silent(_line: str) -> None:
    pass


@contextmanager
def ended(here: Crowd, receiver: Receiver) -> Iterator[None]:
    """Whatever happens within, nothing runs afterwards and nothing is left behind but the logs, beside the data."""
    try:
        yield
    finally:
        here.stop()
        logs = here.stack.folder.logs
        if logs.exists():
            shutil.copytree(logs, here.stack.folder.path.with_name("logs"))
        here.stack.wipe()
        receiver.close()


@dataclass
class Run:
    size: Size
    seed: int
    here: Crowd
    ledger: Ledger
    say: Callable[[str], None]
    readers: list[Reader] = field(default_factory=list)
    in_flight: list[int] = field(default_factory=list)
    told_at: float = 0.0

    def go(self) -> Seen:
        began = time.monotonic()
        world = self._make_world()
        self.readers = [
            Reader(self.here.stack.port, world["keys"][n % len(world["keys"])]) for n in range(self.size.readers)
        ]
        with psycopg.connect(self.here.stack.env["DATABASE_URL"], autocommit=True) as self.database:
            try:
                self._begin()
                self._kill_all()
                self._wait(self._everything_arrived, seconds=self.size.ending)
            finally:
                for reader in self.readers:
                    reader.leave()
            listed = self._listed(world["keys"][0])
            self._stop_delivering()
            paths = {each["id"]: each["path"] for each in world["subscriptions"]}
            return self._seen(time.monotonic() - began, paths=paths, listed=listed)

    def _make_world(self) -> Any:
        told = {"picks": self.size.picks, "subscriptions": self.size.subscriptions, "host": f"{HOST}:8443"}
        world = json.loads(self.here.stack.manage(*call("world.make", seed=self.seed, **told)))
        self.ledger.secrets = {each["path"]: each["secret"] for each in world["subscriptions"]}
        return world

    def _begin(self) -> None:
        """Nothing happens before every reader listens."""
        for reader in self.readers:
            reader.start()
        self._wait(lambda: all(reader.position is not None for reader in self.readers), seconds=READY_SECONDS)
        said = call("teller.tell", seed=self.seed, picks=self.size.picks, seconds=self.size.seconds, began=time.time())
        self.here.add("teller", "web", [sys.executable, "manage.py", *said])

    def _kill_all(self) -> None:
        dice, kills = self.here.dice, self.size.kills
        of_redis = dict(zip(dice.sample(range(1, kills), 4), [EMPTIED, RESTARTED] * 2, strict=True))
        for number in range(kills):
            self._wait_for_a_moment(dice.uniform(*self.size.pause))
            if of_redis.get(number) == EMPTIED:
                self._wait(self.here.empty_redis, seconds=READY_SECONDS)
            elif of_redis.get(number) == RESTARTED:
                self._kill(RESTARTED)
            victim = self.here.victim()
            if victim in DELIVERERS:
                self._wait(lambda: self.ledger.under_way >= WORTH_A_KILL, seconds=self.size.pause[1])
                self.in_flight.append(self.ledger.under_way)
            self._kill(victim)

    def _kill(self, name: str) -> None:
        self._wait(lambda: self.here.kill(name), seconds=READY_SECONDS)

    def _wait_for_a_moment(self, seconds: float) -> None:
        self._wait(lambda: False, seconds=seconds)

    def _wait(self, until: Callable[[], bool], *, seconds: float) -> None:
        """Keep everything running until it is so, or the time is over."""
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end:
            self.here.tick()
            if time.monotonic() > self.told_at + TELL_SECONDS:
                self.told_at = time.monotonic()
                self.say(self._progress())
            time.sleep(LOOK_SECONDS)

    def _everything_arrived(self) -> bool:
        events, delivered, deliveries = self._stands()
        return (
            events == 2 * self.size.picks
            and delivered == deliveries == events * self.size.subscriptions
            and all((reader.position or 0) >= events for reader in self.readers)
        )

    def _stands(self) -> tuple[int, int, int]:
        """Events, deliveries that are delivered, all deliveries."""
        row = self.database.execute(STANDS).fetchone()
        assert row is not None
        return row[0], row[1], row[2]

    def _progress(self) -> str:
        events, delivered, deliveries = self._stands()
        return (
            f"{len(self.here.killed):>4} of {self.size.kills + 4} kills, {events:,} of {2 * self.size.picks:,} events, "
            f"{delivered:,} of {deliveries:,} deliveries delivered, {self.ledger.under_way} under way"
        )

    def _stop_delivering(self) -> None:
        """In peace: what is under way is written down, and what was never to be sent would come now."""
        ending = [self.here.children[name] for name in ("beat", *DELIVERERS)]
        for child in ending:
            child.ask_to_stop()
        for child in ending:
            child.stop(timeout=10)

    def _listed(self, key: str) -> int:
        """How many picks the API has, when web is back."""
        self.here.stack.wait_ready()
        request = urllib.request.Request(f"{self.here.stack.url}/api/v1/picks?limit=1")
        request.add_header("Authorization", f"Bearer {key}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(json.load(answer)["count"])

    def _seen(self, seconds: float, *, paths: dict[str, str], listed: int) -> Seen:
        rows = {name: self.database.execute(query).fetchall() for name, query in QUERIES.items()}
        return Seen(
            self.size,
            seconds,
            paths,
            self.ledger,
            self.readers,
            self.here.killed,
            self.in_flight,
            listed,
            **rows,
        )


QUERIES = {"log": LOG, "deliveries": DELIVERIES, "attempts": ATTEMPTS, "subscriptions": SUBSCRIPTIONS}
