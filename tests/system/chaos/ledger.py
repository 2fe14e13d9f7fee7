"""The receivers' own account: every request as it came, how it was signed, and when and how it was answered."""

import random
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from ssl import SSLSocket

from standardwebhooks import Webhook, WebhookVerificationError

from apps.devtools.sink.signatures import verdict
from tests.webhooks.receivers import Request, answering

# A fourth of the receivers answers 500 at times, another is slow at times, another both.
BROKEN_SHARE, SLOW_SHARE = 0.15, 0.5
MOST_BROKEN = 3  # answers to one delivery: its five retries never run out
SLOW_SECONDS = (0.1, 1.5)  # beyond a second a receiver gets fewer threads


@dataclass
class Arrival:
    """began, answered: on the monotonic clock; answered is when the status was about to be sent, None before."""

    path: str
    delivery_id: str
    attempt: int
    event_id: str
    event: str
    body: bytes
    signed: bool
    began: float
    status: int = 0
    answered: float | None = None

    @property
    def accepted(self) -> bool:
        return self.answered is not None and self.status == 200


class Ledger:
    """`behave` is what the receiver does, in any thread; `secrets` by path."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.secrets: dict[str, str] = {}
        self.arrivals: list[Arrival] = []
        self.under_way = 0
        self.most_under_way = 0
        self._at_path: dict[str, random.Random] = {}
        self._broken: Counter[str] = Counter()
        self._writing = threading.Lock()

    def behave(self, connection: SSLSocket, request: Request) -> None:
        """Note the request, answer it well, badly or slowly."""
        arrival = self._read(request)
        with self._writing:
            self.arrivals.append(arrival)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            arrival.status, wait = self._decide(arrival)
        threading.Event().wait(wait)
        with self._writing:
            arrival.answered = time.monotonic()
            self.under_way -= 1
        answering(arrival.status)(connection, request)

    def accepted(self) -> dict[tuple[str, str], list[Arrival]]:
        """By path and event, in the order in which they came."""
        found = defaultdict(list)
        for arrival in self.arrivals:
            if arrival.accepted:
                found[arrival.path, arrival.event_id].append(arrival)
        return found

    def _read(self, request: Request) -> Arrival:
        path = request.line.split()[1]
        headers = {name.lower(): value for name, value in request.headers.items()}
        return Arrival(
            path=path,
            delivery_id=headers["x-betedge-delivery"],
            attempt=int(headers["x-betedge-attempt"]),
            event_id=headers["webhook-id"],
            event=headers["x-betedge-event"],
            body=request.body,
            signed=signed(headers, request.body, self.secrets[path]),
            began=time.monotonic(),
        )

    def _decide(self, arrival: Arrival) -> tuple[int, float]:
        """The status, and the seconds to wait before it."""
        dice = self._at_path.setdefault(arrival.path, random.Random(f"{self.seed} {arrival.path}"))
        kind = int(arrival.path.removeprefix("/")) % 4
        breaks, slows = dice.random() < BROKEN_SHARE, dice.random() < SLOW_SHARE
        wait = dice.uniform(*SLOW_SECONDS) if slows and kind in (2, 3) else 0.0
        if breaks and kind in (1, 3) and self._broken[arrival.delivery_id] < MOST_BROKEN:
            self._broken[arrival.delivery_id] += 1
            return 500, wait
        return 200, wait


def signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Whether both verifiers take it: the reference's, and the package of Standard Webhooks."""
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return verdict(headers, body, [secret]) == "ok"
