"""Is the process up, and can it serve? A registry of checks: every app registers its own in AppConfig.ready()."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
from django.db import connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger(__name__)
PATIENCE_SECONDS = 2.0


class State(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"  # requests are served, something behind them is not
    DOWN = "down"  # requests cannot be served


Check = Callable[[], tuple[str, str]]  # a State or its text, and a sentence


@dataclass(frozen=True, slots=True)
class Registered:
    run: Check
    essential: bool


CHECKS: dict[str, Registered] = {}
SEVERITY = [State.OK, State.DEGRADED, State.DOWN]
# Threads of their own, kept: a check that hangs must not hold up the answer, nor breed a thread a request.
RUNNERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")


def register_check(name: str, *, essential: bool = False) -> Callable[[Check], Check]:
    """Add a check to /readyz: a function that returns its state and one sentence without secrets.

    It runs in a thread with its own database connection, committed data only. One that raises, or takes more than
    2 s, counts as down if requests cannot be served without it (`essential`), else as degraded.
    """

    def register(check: Check) -> Check:
        CHECKS[name] = Registered(check, essential)
        return check

    return register


def report(checks: Mapping[str, Registered] = CHECKS) -> dict[str, Any]:
    """Run every check at once; the worst state is the whole's."""
    running = {name: RUNNERS.submit(run_and_let_go, check.run) for name, check in checks.items()}
    wait(running.values(), timeout=PATIENCE_SECONDS)
    found = {name: outcome(name, future, checks[name]) for name, future in running.items()}
    worst = max((state for state, _ in found.values()), key=SEVERITY.index, default=State.OK)
    return {
        "status": worst,
        "checks": {name: {"status": state, "detail": detail} for name, (state, detail) in found.items()},
    }


def run_and_let_go(check: Check) -> tuple[State, str]:
    """Run a check and give its thread's database connection back."""
    try:
        state, sentence = check()
        return State(state), sentence
    finally:
        connections.close_all()


def outcome(name: str, future: "Future[tuple[State, str]]", check: Registered) -> tuple[State, str]:
    """What a check found. What it raised goes to the log only: such texts can hold addresses and passwords."""
    failed = State.DOWN if check.essential else State.DEGRADED
    if not future.done():
        future.cancel()
        return failed, f"No answer within {PATIENCE_SECONDS:g} s."
    error = future.exception()
    if error is not None:
        log.warning("health check failed", check=name, error=type(error).__name__, reason=str(error))
        return failed, f"The check failed with {type(error).__name__}; the log says why."
    return future.result()


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all."""
    return JsonResponse({"status": State.OK})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """The report: 503 when requests cannot be served, else 200, degraded included."""
    found = report()
    return JsonResponse(found, status=503 if found["status"] == State.DOWN else 200)
