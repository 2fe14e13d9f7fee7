"""The limiter against a plain model that keeps every timestamp: the same answer, number for number, every time."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.access import state
from apps.access.limiter import decide
from apps.access.state import PUBLISH, Identity, Month
from apps.core.redis import Link, link
from tests.access.plain import HOUR, Plain

FAR_AHEAD = 4_102_444_800_000  # 2100: months are not forgotten meanwhile, and PostgreSQL lacks nothing
MONTH_END = 1_780_272_000_000  # 2026-06-01T00:00Z

# Steps of the clock in ms: bursts, boundaries of the hour to the millisecond, long silences, a clock set back.
PAUSES = st.one_of(
    st.just(0),
    st.integers(1, 5),
    st.integers(0, 20_000),
    st.sampled_from([HOUR - 1, HOUR, HOUR + 1, HOUR // 2, 999, 1000, 1001]),
    st.integers(HOUR, 40 * HOUR),
    st.integers(-2 * HOUR, -1),
)
STEPS = st.one_of(
    st.tuples(st.just("ask"), PAUSES, st.integers(1, 9)),
    st.tuples(st.just("look"), PAUSES, st.just(1)),
    st.tuples(st.just("retry"), st.integers(0, 1), st.just(1)),
    st.tuples(st.just("tier"), st.integers(1, 12), st.integers(1, 40)),
    st.tuples(st.just("rotate"), st.integers(0, 2 * HOUR), st.just(1)),
    st.tuples(st.just("expire"), st.integers(0, 3 * HOUR), st.just(1)),
    st.tuples(st.just("unexpire"), st.just(0), st.just(1)),
    st.tuples(st.just("forget state"), st.just(0), st.just(1)),
)
LIVES = st.tuples(
    st.integers(1, 12),
    st.integers(1, 60),
    st.sampled_from([MONTH_END - 2 * HOUR, MONTH_END - 3, MONTH_END - 400 * HOUR]),
    st.lists(STEPS, min_size=1, max_size=40),
)


@dataclass
class Life:
    """A key with its model; PostgreSQL's part is played by the model's own facts."""

    plain: Plain
    now: int
    who: Identity = field(default_factory=lambda: Identity.of(uuid4(), uuid4()))
    version: int = 0

    def change(self) -> None:
        self.version += 1
        self.publish(link(), self.who, run=link().run, now=self.now)

    def publish(self, mine: Link, who: Identity, *, run: str, now: int, renew: bool = False) -> None:
        plain, month = self.plain, Month.at(now)
        used = plain.months.get((int(month.name[:4]), int(month.name[4:])), 0)
        fields: list[Any] = ["read", now, "tier", "growth", "hourly", plain.limit, "monthly", plain.quota]
        for name, until in plain.secrets.items():
            fields += [f"s:{name}", min([at for at in (until, plain.expires) if at is not None], default=0)]
        keys = [who.state(run), who.window, who.month(month.name)]
        mine.call(PUBLISH, keys, [self.version, used, FAR_AHEAD, FAR_AHEAD, 0, len(fields), *fields])

    def ask(self, *, count: bool) -> int:
        """Ask with every secret there ever was; compare; how long the last refused one is to wait, in seconds."""
        wait = 0
        for secret in [*self.plain.secrets]:
            found = decide(link(), self.who, secret_hash=secret, endpoint="picks", count=count, at=self.now)
            wanted = self.plain.ask(secret, self.now, count=count)
            assert (found and {name: getattr(found, name) for name in wanted or ()}) == wanted
            wait = found.retry_after if found else wait
        return wait


def live(life: Life, step: str, amount: int, times: int) -> None:
    plain = life.plain
    if step in ("ask", "look"):
        life.now += amount
        for _ in range(times):
            life.ask(count=step == "ask")
    elif step == "retry":
        wait = life.ask(count=True)
        life.now += max(0, wait - amount) * 1000  # to the second, or one earlier
        life.ask(count=True)
    elif step == "tier":
        plain.limit, plain.quota = amount, times
        life.change()
    elif step == "rotate":
        plain.secrets = {
            name: min(till or life.now + amount, life.now + amount) for name, till in plain.secrets.items()
        }
        plain.secrets[f"secret {len(plain.secrets)}"] = None
        life.change()
    elif step == "expire":
        plain.expires = life.now + amount
        life.change()
    elif step == "unexpire":
        plain.expires = None
        life.change()
    else:
        link().send("DEL", life.who.state(link().run))


@settings(max_examples=2_000)
@given(LIVES)
def test_every_answer_is_the_plain_models(chosen: Any) -> None:
    limit, quota, now, steps = chosen
    life = Life(Plain(limit, quota), now)
    life.plain.secrets["secret 0"] = None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(state, "load_state", life.publish)
        life.change()
        for step, amount, times in steps:
            live(life, step, amount, times)
    assert link().send("PTTL", life.who.window) != -1  # no window is kept for ever
