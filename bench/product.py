"""The product's own side of a run, in a process of its own: it reads one JSON call a line and answers each with one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import psycopg

from apps.devtools.stack.processes import StackError
from bench import filling
from bench.install import ROOT
from bench.servers import environment

PAGE = 50
PICK = {  # as the API gives one
    "id": "8c2f6f0e-5f0a-4a1b-9d3e-2b7c4d1e6a90",
    "sport": "soccer",
    "league": "Premier League",
    "home_team": "Arsenal",
    "away_team": "Chelsea",
    "kickoff_at": "2026-05-25T15:00:00Z",
    "pick": "Arsenal -0.5 Asian Handicap",
    "odds": 1.91,
    "edge_pct": 4.2,
    "confidence": 3,
    "status": "published",
    "settled_at": None,
    "result": None,
    "anchor": "pinnacle",
}


class Product:
    """A handle on that process: `product("cursor", 5000)`. `module`: a peer's in its place."""

    def __init__(self, extra: Mapping[str, str], module: str = "bench.product") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=environment(extra),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, name: str, *arguments: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise StackError(f"The bench could not {name}; the reason stands above.")
        return json.loads(line)

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(30)


def fill(settled: int) -> None:
    """Migrate the database, fill it, and let the planner know."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        filling.fill(connection.execute, settled)
        connection.execute("VACUUM ANALYZE")


def keys(tier: str, organizations: int, each: int) -> list[str]:
    """Secrets of new organisations, each with as many keys as told (at most what the tier allows)."""
    from django.utils import timezone

    from apps.access.services import create_key
    from apps.accounts.models import Organization

    already, made = Organization.objects.count(), []
    for number in range(already, already + organizations):
        organization = Organization.objects.create(name=f"Bench {number}", tier=tier)
        made += [create_key(organization=organization, name="bench", now=timezone.now())[1] for _ in range(each)]
    return made


def change() -> str:
    """Settle the newest pick, or settle it otherwise than it is: it stands first on page 1. Gives the result."""
    from django.utils import timezone

    from apps.picks.models import OUT, Outcome, Pick
    from apps.picks.services import settle_pick

    newest = Pick.objects.filter(status__in=OUT).order_by("-kickoff_at", "-id")[0]
    result = Outcome.LOSS if newest.result == Outcome.WIN else Outcome.WIN
    settle_pick(pick_id=newest.pk, result=result, now=timezone.now(), reason="The bench changes its mind.")
    return result


def cursor(page: int) -> str:
    """The cursor of a page of 50 (2 or higher), as the page before it would give it."""
    from apps.api.fields import write_cursor
    from apps.picks.queries import matching_picks, next_position

    ordered = matching_picks(sport=None, league=None, since=None).order_by("-kickoff_at", "-id")
    last, following = ordered[PAGE * (page - 1) - 1 : PAGE * (page - 1) + 1]
    return write_cursor(next_position(last, following))


def tell(pick: dict[str, Any], events: int = 1) -> float:
    """Tell so often of such a pick in the log, in one transaction; when that began, in Unix seconds."""
    from django.db import transaction
    from django.utils import timezone

    from apps.outbox.services import Happening, emit_many

    began = time.time()
    happenings = [Happening("pick.published", f"bench:{uuid4()}", uuid4(), pick) for _ in range(events)]
    with transaction.atomic():
        emit_many(happenings, at=timezone.now())
    return began


CALLS: dict[str, Callable[..., Any]] = {"fill": fill, "keys": keys, "change": change, "cursor": cursor, "tell": tell}


def serve(calls: Mapping[str, Callable[..., Any]], *, settings: str) -> None:
    """Answer calls until standard input ends."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    django.setup()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(calls[name](*arguments)), flush=True)


if __name__ == "__main__":
    serve(CALLS, settings="betedge.settings")
