"""Where the time of a request goes: py-spy looks at the workers a hundred times a second while wrk asks them."""

import subprocess
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from bench.install import FOLDER

RATE = 100
ONLY = {
    "interpreter": "--gil",  # the thread that runs Python: what bounds the requests a worker serves
    "time": "--idle",  # every thread with a request, also while it waits for Redis or for its turn
}
REQUEST = "granian/wsgi.py"  # on the stack of every thread that serves one

# A sample counts for the innermost frame that one of these names; libraries between count for their caller.
PARTS = {
    "apps/core/redis.py": "Redis: packing, the round trip, reading",
    "redis/": "Redis: packing, the round trip, reading",
    "apps/access/": "limiter: hash, identity, memory of the process",
    "apps/api/gate.py": "gate: order of checks, limit and CORS headers",
    "apps/api/limits.py": "gate: order of checks, limit and CORS headers",
    "apps/api/auth.py": "gate: order of checks, limit and CORS headers",
    "apps/api/bodies.py": "gate: order of checks, limit and CORS headers",
    "apps/core/": "request id, security headers",
    "apps/api/short_way.py": "short way: kept page, answer",
    "apps/api/pages.py": "short way: kept page, answer",
    "apps/api/": "parameters, ETag",
    "apps/picks/": "picks: query and wording",
    "psycopg": "PostgreSQL",
    "rest_framework/": "DRF",
    "django/": "Django: handler, request, response, middleware",
    "granian/": "Granian: into WSGI and out of it",
}


def record(pid: int, *, seconds: int, file: Path, only: str) -> "subprocess.Popen[bytes]":
    """Begin to look at a server and all its workers; what it saw is in the file when the process has ended.

    only: one of ONLY.
    """
    command = [str(FOLDER / "bin" / "py-spy"), "record", "--subprocesses", ONLY[only], "--format", "raw"]
    return subprocess.Popen(
        [*command, "--rate", str(RATE), "--duration", str(seconds), "--pid", str(pid), "--output", str(file)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def shares(stacks: Iterable[str]) -> dict[str, float]:
    """Percent of what was seen inside of requests, by part, the largest first; empty where nothing was seen."""
    seen: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        if REQUEST in stack:
            seen[part_of(stack)] += int(count)
    return {part: 100 * count / seen.total() for part, count in seen.most_common()}


def part_of(stack: str) -> str:
    for frame in reversed(stack.split(";")):
        file = frame.partition("(")[2]
        for place, part in PARTS.items():
            if file.startswith(place):
                return part
    return "other"


def table(found: dict[str, dict[str, float]]) -> str:
    """Markdown: a line for each part, a column for each of ONLY."""
    if not all(found.values()):
        return "No profile: py-spy could not look at the workers (it needs the right to trace other processes)."
    parts = sorted(dict.fromkeys(chain(*found.values())), key=lambda part: -found["interpreter"].get(part, 0))
    lines = [f"| part | {' | '.join(f'% of {name}' for name in found)} |", "|---" * (1 + len(found)) + "|"]
    lines += [f"| {part} | {' | '.join(f'{found[name].get(part, 0):.0f}' for name in found)} |" for part in parts]
    return "\n".join(lines)
