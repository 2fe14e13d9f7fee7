"""A whole stack, with a second deliverer and a second stream process, of which any process may be killed."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import redis

from apps.devtools.stack.keeper import GIVE_UP_AFTER, QUICK_SECONDS, Keeper
from apps.devtools.stack.ports import free_port
from apps.devtools.stack.processes import Child
from apps.devtools.stack.stack import Stack

DELIVERERS = ("deliver", "deliver-2")
# Drawn from with equal chances. Of each the main process or any of its own: Granian's workers, Celery's pool.
VICTIMS = (*DELIVERERS * 2, "stream", "stream-2", "stream", "web", "web", "worker", "worker", "beat", "teller")
EMPTIED, RESTARTED = "Redis emptied", "valkey"
RETRIES = "0.5,1,2,4,8"


@dataclass
class Crowd:
    """The stack and what stands beside it. `killed`: name and time, on the monotonic clock, of each kill."""

    stack: Stack
    dice: random.Random
    beside: dict[str, Keeper] = field(default_factory=dict)
    killed: list[tuple[str, float]] = field(default_factory=list)
    young: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, like: str, argv: list[str] | None = None, **environ: str) -> None:
        """Start another process with the environment, and if not said otherwise the command, of one that runs."""
        model = self.stack.children[like]
        log = model.log.with_name(f"{name}.log")
        env = {**model.env, **environ}
        child = replace(model, name=name, argv=argv or model.argv, log=log, env=env, process=None)
        child.start()
        self.beside[name] = Keeper(child, self.stack.say)

    def tick(self) -> None:
        """Start again what has ended."""
        self.stack.tick()
        for keeper in self.beside.values():
            keeper.look()

    def stop(self) -> None:
        for keeper in self.beside.values():
            keeper.child.ask_to_stop()
        for keeper in self.beside.values():
            keeper.child.stop(timeout=10)
        self.beside.clear()
        self.stack.stop()

    @property
    def children(self) -> dict[str, Child]:
        return {**self.stack.children, **{name: keeper.child for name, keeper in self.beside.items()}}

    def victim(self) -> str:
        """One that runs, and that its keeper will start once more: it gives up who dies young again and again."""
        return self.dice.choice([name for name in VICTIMS if self._bears_it(name)] or ["teller"])

    def kill(self, name: str) -> bool:
        """End a process with SIGKILL, in the middle of whatever it does; False where none runs at the moment."""
        child = self.children[name]
        if not child.alive():
            return False
        head, young = psutil.Process(child.pid), self._is_young(child)
        try:
            target = self.dice.choice([head, *head.children(recursive=True)])
            target.kill()
        except psutil.NoSuchProcess:
            return False
        self.killed.append((name, time.monotonic()))
        if target == head:
            self.young[name] = self.young[name] + 1 if young else 1
        return True

    def empty_redis(self) -> bool:
        """False where it does not answer at the moment."""
        try:
            with redis.Redis.from_url(self.stack.env["REDIS_URL"]) as store:
                store.flushall()
        except redis.RedisError:
            return False
        self.killed.append((EMPTIED, time.monotonic()))
        return True

    def _bears_it(self, name: str) -> bool:
        child = self.children[name]
        return child.alive() and not (self._is_young(child) and self.young[name] >= GIVE_UP_AFTER - 2)

    def _is_young(self, child: Child) -> bool:
        return time.monotonic() - child.started_at < QUICK_SECONDS


def crowd(folder: Path, *, path: str, hooks: dict[str, str], dice: random.Random, say: Callable[[str], None]) -> Crowd:
    """Not started yet. path: the PATH to find programs on; hooks: how deliveries find and trust their receivers."""
    first, second = free_port(), free_port()
    stack = Stack(
        folder,
        port=free_port(),
        environ={"PATH": path},
        sandbox_args=None,
        prepare=("migrate",),
        extra_env={
            **hooks,
            "BETEDGE_WEBHOOK_RETRY_SECONDS": RETRIES,
            "BETEDGE_STREAM_PORT": str(first),
            "BETEDGE_STREAM_UPSTREAM": f"127.0.0.1:{first} 127.0.0.1:{second}",
            "PORQPINE_URL": "http://127.0.0.1:1",  # there is no feed
        },
        say=say,
    )
    return Crowd(stack, dice)


def complete(crowd: Crowd) -> None:
    """Start all of it; StackError in a sentence where something is in the way."""
    crowd.stack.start()
    second = crowd.stack.env["BETEDGE_STREAM_UPSTREAM"].rpartition(":")[2]
    crowd.add("stream-2", "stream", BETEDGE_STREAM_PORT=second)
    crowd.add("deliver-2", "deliver")
    crowd.stack.wait_ready()


def call(function: str, **arguments: object) -> list[str]:
    """The arguments of `manage.py` that call a function of this folder where Django is set up."""
    module, _, name = function.partition(".")
    said = ", ".join(f"{argument}={value!r}" for argument, value in arguments.items())
    return ["shell", "--no-imports", "-c", f"from tests.system.chaos.{module} import {name}; {name}({said})"]
