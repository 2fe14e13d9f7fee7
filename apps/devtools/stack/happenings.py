"""What happens: fixture in, pick proposed, published, settled, a line a second; each webhook and mail that arrives."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import environ
from django.db import Error, connection, connections
from django.utils import timezone

from apps.devtools.sink.client import SinkClient
from apps.devtools.stack.letters import Letters, block
from apps.feed.models import Fixture
from apps.picks.models import Outcome, Pick

LOOK_BACK = timedelta(seconds=10)  # rows carry the time their transaction began, and appear when it ends
AT_MOST = 50  # of one kind in one look; the others are counted no more


@dataclass(frozen=True)
class Happening:
    """One thing that became true; `rank` orders kinds by how much a watcher wants to see them."""

    rank: int
    kind: str
    at: datetime
    words: str
    key: str


def read_from(database_url: str) -> None:
    """Point this process at another database than its settings name; call it before the first query."""
    database = connections.settings["default"]
    database.update(environ.Env.db_url_config(database_url))
    database.get("OPTIONS", {}).pop("pool", None)  # one thread reads: no pool to keep alive


def since(start: datetime) -> Iterator[Happening]:
    """Everything that is dated `start` or later."""
    picks = Pick.objects.select_related("fixture")
    for pick in picks.filter(settled_at__gte=start).order_by("-settled_at")[:AT_MOST]:
        outcome = Outcome(pick.result).label.lower() if pick.result else "?"
        yield Happening(
            3, "settled", pick.settled_at or start, f"{pick}: {outcome}, {pick.profit:+.2f} units", f"settled {pick.pk}"
        )
    for pick in picks.filter(published_at__gte=start).order_by("-published_at")[:AT_MOST]:
        yield Happening(2, "published", pick.published_at or start, _offer(pick), f"published {pick.pk}")
    for pick in picks.filter(proposed_at__gte=start).order_by("-proposed_at")[:AT_MOST]:
        yield Happening(1, "proposed", pick.proposed_at, _offer(pick), f"proposed {pick.pk}")
    for fixture in Fixture.objects.filter(first_seen_at__gte=start).order_by("-first_seen_at")[:AT_MOST]:
        yield Happening(0, "fixture", fixture.first_seen_at, _listing(fixture), f"fixture {fixture.pk}")


def line(happenings: list[Happening], now: datetime) -> str:
    """The one worth most, and how many others there were; dated `now`, so that the lines stand in order."""
    first = max(happenings, key=lambda happening: (happening.rank, happening.at))
    more = f" · {len(happenings) - 1} more" if len(happenings) > 1 else ""
    return f"{now:%H:%M:%S} UTC  {first.kind:<9}  {first.words}{more}"


class Watcher(threading.Thread):
    """Says a line a second where something happened, and one for each webhook and mail that has come since.

    While the database or the sink is away it says nothing of it and waits.
    """

    def __init__(
        self, say: Callable[[str], None], sink: SinkClient | None = None, letters: Letters | None = None
    ) -> None:
        super().__init__(daemon=True, name="happenings")
        self.say = say
        self._sink = sink
        self._letters = letters
        self._received: int | None = None  # until the sink has said how many had come before us
        self._since = timezone.now()
        self._told: deque[str] = deque(maxlen=20 * AT_MOST)
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(1.0):
            try:
                self.look(timezone.now())
            except Error:  # away, restarting, or being migrated
                connection.close()
            with suppress(OSError):  # away, or being started again
                self.look_at_the_sink()
            with suppress(OSError):
                self.look_at_the_mail(timezone.now())
        connection.close()

    def look(self, now: datetime) -> None:
        """Say what is new at `now`."""
        known = set(self._told)
        new = [happening for happening in since(max(self._since, now - LOOK_BACK)) if happening.key not in known]
        if new:
            self._told.extend(happening.key for happening in new)
            self.say(line(new, now))

    def look_at_the_sink(self) -> None:
        """Say what has arrived there; OSError where it does not answer."""
        if self._sink is None:
            return
        total = self._sink.state()["total"]
        if self._received is None or total < self._received:  # ours to begin with; or another sink, which counts anew
            self._received = total if self._received is None else 0
        arrived = list(self._sink.arrivals(self._received))
        for arrival in arrived[:AT_MOST]:
            self.say(arrival["line"])
        if arrived[AT_MOST:]:
            self.say(f"{timezone.now():%H:%M:%S} UTC  arrived    {len(arrived) - AT_MOST} more")
        self._received = arrived[-1]["number"] if arrived else total

    def look_at_the_mail(self, now: datetime) -> None:
        """Say what was mailed; OSError where the folder cannot be read."""
        for message in self._letters.new() if self._letters else ():
            self.say(block(message, now))

    def stop(self) -> None:
        """End it; returns within 2 s even when the database hangs."""
        self._over.set()
        self.join(2.0)


def _offer(pick: Pick) -> str:
    return f"{pick}, edge {pick.edge_pct:+} %, confidence {pick.confidence}"


def _listing(fixture: Fixture) -> str:
    kickoff = f", kick-off {fixture.kickoff_at:%H:%M:%S}" if fixture.kickoff_at else ""
    return f"{fixture.league or fixture.sport}: {fixture}{kickoff}"
