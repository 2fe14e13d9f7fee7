"""The limiters alone, in a process of its own: time a call, bytes a key, and how many pass where 100 may.

Reads its keys as JSON on standard input, one organisation's each: `enterprise` (one a round), `starter` (two).
"""

import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from statistics import median
from typing import Any

HOURLY, LAST, BATCH, STARTER = 10_000, 1_000, 50, 100
PROCESSES, TRIES = 16, 800
Try = Callable[[], bool]
PREFIXES = {"limits": b"LIMITS", "DRF": b"drf:"}


def ours(secret: str, limit: int) -> Try:
    """The whole door: key, window, month and usage. The limit is the key's own."""
    from django.utils import timezone

    from apps.access.decisions import OK
    from apps.access.door import admit

    def attempt() -> bool:
        admission = admit(secret=secret, endpoint="picks", now=timezone.now())
        assert admission
        return admission.decision == OK

    return attempt


def limits(key: str, limit: int) -> Try:
    from limits import RateLimitItemPerHour
    from limits.storage import RedisStorage
    from limits.strategies import MovingWindowRateLimiter

    window = MovingWindowRateLimiter(RedisStorage(os.environ["REDIS_URL"]))
    hourly = RateLimitItemPerHour(limit)
    return lambda: window.hit(hourly, key)


def drf(key: str, limit: int) -> Try:
    from django.core.cache.backends.redis import RedisCache
    from rest_framework.throttling import SimpleRateThrottle

    class Throttle(SimpleRateThrottle):
        rate = f"{limit}/hour"
        cache = RedisCache(os.environ["REDIS_URL"], {})

        def get_cache_key(self, request: Any, view: Any) -> str:
            return f"drf:{key}"

    return lambda: Throttle().allow_request(None, None)  # type: ignore[arg-type]  # neither is looked at


LIMITERS: dict[str, Callable[[str, int], Try]] = {"ours": ours, "limits": limits, "DRF": drf}


def passed(name: str, key: str) -> int:
    """How many of 800 tries by 16 processes at once are admitted, where 100 may be. Call it before any connection."""
    context = multiprocessing.get_context("fork")
    start, counts = context.Barrier(PROCESSES), context.Queue()

    def several() -> None:
        attempt = LIMITERS[name](key, STARTER)
        start.wait()
        counts.put(sum(attempt() for _ in range(TRIES // PROCESSES)))

    processes = [context.Process(target=several) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    found: int = sum(counts.get() for _ in processes)
    for process in processes:
        process.join()
    return found


def fill(name: str, key: str, attempt: Try) -> None:
    """Admit all but the last 1,000 of the hour."""
    if name == "DRF":  # its list of times is read and written whole with every call: thousands of those would take long
        from django.core.cache.backends.redis import RedisCache

        RedisCache(os.environ["REDIS_URL"], {}).set(f"drf:{key}", [time.time()] * (HOURLY - LAST), 3_600)
        return
    assert all(attempt() for _ in range(HOURLY - LAST))


def microseconds(attempt: Try, *, admitted: bool) -> float:
    """Of one call, over fifty that must all be decided so."""
    began = time.perf_counter()
    decided = [attempt() for _ in range(BATCH)]
    taken = time.perf_counter() - began
    if set(decided) != {admitted}:
        raise SystemExit(f"A limiter decided {decided.count(not admitted)} of {BATCH} calls otherwise than it must.")
    return taken / BATCH * 1e6


def held() -> Counter[str]:
    """Bytes that each limiter's names take in this database: ours are those that neither peer's prefix begins."""
    import redis

    found: Counter[str] = Counter()
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        for each in client.scan_iter(count=1_000):
            name = next((name for name, prefix in PREFIXES.items() if prefix in each), "ours")
            found[name] += client.memory_usage(each, samples=0) or 0
    return found


def one_round(key: str, times: dict[str, dict[str, list[float]]], sizes: dict[str, list[int]]) -> None:
    """A fresh key of each limiter from its first request to 1,000 refused ones, in batches by turns."""
    before = held()
    attempts = {name: make(key, HOURLY) for name, make in LIMITERS.items()}
    for name, attempt in attempts.items():
        fill(name, key, attempt)
    for decision in ("admitted", "refused"):
        for _ in range(LAST // BATCH):
            for name, attempt in attempts.items():
                times[name][decision].append(microseconds(attempt, admitted=decision == "admitted"))
        if decision == "admitted":
            for name, size in (held() - before).items():
                sizes[name].append(size)


def starter_bytes(key: str) -> int:
    """What our whole state of a Starter key takes, from its first request to its limit."""
    before, attempt = held(), ours(key, STARTER)
    if not all(attempt() for _ in range(STARTER)):
        raise SystemExit("A Starter key was refused before its limit.")
    return (held() - before)["ours"]


def measure(enterprise: list[str], starter: list[str]) -> dict[str, dict[str, float]]:
    """By limiter: `passed`, and the medians over the rounds of `admitted` and `refused` (µs) and `bytes`."""
    results: dict[str, dict[str, float]] = {name: {"passed": passed(name, starter[0])} for name in LIMITERS}
    times: dict[str, dict[str, list[float]]] = {name: {"admitted": [], "refused": []} for name in LIMITERS}
    sizes: dict[str, list[int]] = {name: [] for name in LIMITERS}
    for key in enterprise:
        one_round(key, times, sizes)
    for name in LIMITERS:
        results[name] |= {decision: median(each) for decision, each in times[name].items()}
        results[name]["bytes"] = median(sizes[name])
    results["ours"]["starter_bytes"] = starter_bytes(starter[1])
    return results


def main() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "betedge.settings"
    django.setup()
    print(json.dumps(measure(**json.load(sys.stdin))))


if __name__ == "__main__":
    main()
