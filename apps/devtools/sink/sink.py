"""A sink's state: how it behaves on which path, the secrets it was told, and what arrived."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from apps.devtools.sink.arrivals import Arrival, Arrivals, headers_of
from apps.devtools.sink.behaviours import NAMES, Behaviour
from apps.devtools.sink.signatures import verdict

T = TypeVar("T")
EVERYWHERE = ""  # the path above all paths
MOST_SECRETS = 5  # of one path; the newest


@dataclass(slots=True)
class Sink:
    """`chosen` is a behaviour's name by path, `secrets` those of the subscriptions by path; the nearest path counts.

    file: where the secrets of paths are kept, so that a sink that is started again still knows them. say: told of each
    arrival.
    """

    behaviours: Mapping[str, Behaviour]
    say: Callable[[Arrival], None]
    file: Path
    arrivals: Arrivals = field(default_factory=Arrivals)
    chosen: dict[str, str] = field(default_factory=lambda: {EVERYWHERE: "ok", **{f"/{name}": name for name in NAMES}})
    secrets: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.secrets |= _kept(self.file)

    def behaviour(self, path: str) -> Behaviour:
        return self.behaviours[nearest(self.chosen, path, "ok")]

    def choose(self, path: str, name: str) -> None:
        """Behave so at a path and beneath it; KeyError for a name that there is not."""
        if name not in self.behaviours:
            raise KeyError(f"There is no behaviour {name!r}; there are {', '.join(NAMES)}.")
        self.chosen[path.rstrip("/")] = name

    def learn(self, path: str, secret: str) -> None:
        """Check signatures at a path and beneath it with this secret, beside those that it knows for that path."""
        known = self.secrets.setdefault(path.rstrip("/"), [])
        if secret not in known:
            known[:] = [*known, secret][-MOST_SECRETS:]
            _keep(self.file, self.secrets)

    def note(self, path: str, head: bytes, body: bytes, began: tuple[float, float], behaviour: Behaviour) -> None:
        """Record a request whose first byte was read at `began`, by the wall's clock and the monotonic one."""
        secrets = nearest(self.secrets, path, [])
        checked = verdict(headers_of(head) if secrets else {}, body, secrets)
        self.arrivals.total += 1
        arrival = Arrival(self.arrivals.total, *began, path, head, body, behaviour.words, checked)
        self.arrivals.add(arrival)
        self.say(arrival)


def nearest(values: Mapping[str, T], path: str, default: T) -> T:
    """The value of the longest path that this one is at or beneath; the query does not count."""
    path = path.partition("?")[0]
    while path and path not in values:
        path = path.rpartition("/")[0]
    return values.get(path, default)


def clocks() -> tuple[float, float]:
    return time.time(), time.monotonic()


def _kept(file: Path) -> dict[str, list[str]]:
    try:
        return {str(path): [str(secret) for secret in known] for path, known in json.loads(file.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _keep(file: Path, secrets: Mapping[str, list[str]]) -> None:
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.touch(mode=0o600)
    new.write_text(json.dumps({path: known for path, known in secrets.items() if path != EVERYWHERE}))
    new.replace(file)
