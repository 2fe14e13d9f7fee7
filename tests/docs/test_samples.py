"""The samples of the pages, run as printed against the running server: each prints what its page says it prints."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
import redis as redis_py
import requests
from django.test import Client
from django.utils import timezone

from apps.access.models import UsageMonth
from apps.accounts.tiers import TIERS
from apps.docs import samples
from apps.docs.catalogue import PAGES
from apps.picks.rollup import rebuild
from tests.factories import ApiKeyFactory, FixtureFactory, PickFactory
from tests.web import web_process

PROGRAMS = {"sh": "curl", "mjs": "node", "py": sys.executable}
COMMANDS = {"sh": ["sh"], "mjs": ["node"], "py": [sys.executable]}
NAMES = samples.names()
# Those of the stream have no end, those of webhooks another scene: test_stream_samples, test_webhook_samples.
ANSWERED = [name for name in NAMES if not name.startswith(("stream/", "webhooks"))]
each_language = pytest.mark.parametrize("suffix", PROGRAMS)


def make_the_scene() -> dict[str, str]:
    """The picks that the pages show, a record of thirty days, and three callers' keys."""
    shown = json.loads(samples.read("picks/list", "json"))["data"]
    analysis = json.loads(samples.read("match-analyses/one", "json"))["analysis"]
    kickoff = datetime.fromisoformat(shown[0]["kickoff_at"])
    PickFactory(published=True, id=shown[0]["id"], kickoff_at=kickoff, analysis=analysis)
    earlier = datetime.fromisoformat(shown[1]["kickoff_at"])
    fixture = FixtureFactory(home_team="Everton", away_team="Fulham", kickoff_at=earlier)
    PickFactory(settled=True, id=shown[1]["id"], fixture=fixture, kickoff_at=earlier, selection=shown[1]["pick"])
    PickFactory(published=True, kickoff_at=earlier - timedelta(days=1))
    for days, sport in ((1, "tennis"), (2, "tennis"), (2, "soccer")):
        past = {"kickoff_at": datetime(2026, 4, days, tzinfo=UTC), "settled_at": timezone.now() - timedelta(days=days)}
        PickFactory(settled=True, sport=sport, clv=Decimal("0.02"), **past)
    rebuild()

    spent = ApiKeyFactory(tier="starter")
    this_month = timezone.now().date().replace(day=1)
    UsageMonth.objects.create(organization=spent.organization, month=this_month, counted=10_000)
    return {
        "growth": ApiKeyFactory(tier="growth", name="Odds screen").secret,
        "starter": ApiKeyFactory(tier="starter").secret,
        "spent": spent.secret,
    }


@pytest.fixture
def running(transactional_db: None, redis: "redis_py.Redis", tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The server of the Procfile before the scene: its `address`, and a key of each caller."""
    keys = make_the_scene()
    with web_process(tmp_path) as address:
        yield SimpleNamespace(address=address, keys=keys)


def run(name: str, suffix: str, folder: Path, *, host: str, key: str) -> str:
    """What the sample prints, with nothing but host and key filled in."""
    if shutil.which(PROGRAMS[suffix]) is None:
        pytest.skip(f"{PROGRAMS[suffix]} is not installed, so its samples are not run.")
    file = folder / f"{Path(name).name}.{suffix}"
    file.write_text(samples.filled(samples.read(name, suffix), host=host, key=key))
    done = subprocess.run(
        [*COMMANDS[suffix], file.name], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def alike(documented: Any, real: Any) -> bool:
    """Whether a real answer has the documented one's shape: the same fields, each of the same kind."""
    if isinstance(documented, dict):
        same = isinstance(real, dict) and list(documented) == list(real)
        return same and all(alike(value, real[name]) for name, value in documented.items())
    if isinstance(documented, list):
        return bool(documented) == bool(real) and all(map(alike, documented, real))
    return type(documented) is type(real)


def words(text: str) -> list[str]:
    """The text without its numbers and request ids."""
    return re.sub(r"\b[0-9a-f]{32}\b|\d+(\.\d+)?", "#", text).strip().splitlines()


def is_as_documented(name: str, kind: str, printed: str) -> bool:
    shown = samples.read(name, kind)
    if kind == "json":
        return alike(json.loads(shown), json.loads(printed))
    if kind == "http":
        shown_lines, printed_lines = words(shown.lower()), words(printed.replace("\r", "").lower())
        return {line.partition(":")[0] for line in shown_lines} <= {line.partition(":")[0] for line in printed_lines}
    return words(shown) == words(printed)


@each_language
def test_every_sample_prints_what_its_page_says(suffix: str, running: SimpleNamespace, tmp_path: Path) -> None:
    wrong = {}
    for name in ANSWERED:
        printed = run(name, suffix, tmp_path, host=running.address, key=running.keys["growth"])
        kinds = ("json", "http", "status") if suffix == "sh" else ("txt",)
        documented = [kind for kind in kinds if samples.has(name, kind)]
        if not documented or not is_as_documented(name, documented[0], printed):
            wrong[name] = printed
    assert wrong == {}


SHOWN_ERRORS = [
    ("errors/handle", 400, "/picks?limit=ten", "growth"),
    ("errors/tier", 403, "/track-record", "starter"),
    ("authentication/refused", 401, "/picks", "nobody"),
    ("limits/month", 429, "/picks", "spent"),
    ("limits/hour", 429, "/picks", "starter"),
]


def test_every_shown_error_is_what_the_server_says(running: SimpleNamespace) -> None:
    with requests.Session() as caller:
        for name, status, path, who in SHOWN_ERRORS:
            headers = {"Authorization": f"Bearer {running.keys.get(who, '')}"}
            for _ in range(TIERS["starter"].hourly if name == "limits/hour" else 0):
                caller.get(f"{running.address}/api/v1/picks?limit=1", headers=headers, timeout=10)
            answer = caller.get(f"{running.address}/api/v1{path}", headers=headers, timeout=10)
            shown, said = json.loads(samples.read(name, "json")), answer.json()
            assert (answer.status_code, said["error"]) == (status, shown["error"])
            assert said.get("message") == shown.get("message")
            assert alike(shown, said)


@pytest.fixture
def moody() -> Iterator[SimpleNamespace]:
    """A far side that gives the (status, Retry-After) of `moods` in turn, the last one for good."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked += 1
            status, after = here.moods.pop(0) if len(here.moods) > 1 else here.moods[0]
            self.send_response(status)
            if after:
                self.send_header("Retry-After", after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here = SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}", asked=0, moods=[(200, "")])
        Thread(target=server.serve_forever, daemon=True).start()
        yield here
        server.shutdown()


@each_language
def test_the_retrying_sample_waits_and_asks_again(suffix: str, moody: SimpleNamespace, tmp_path: Path) -> None:
    moody.moods = [(429, "1"), (200, "")]
    assert run("limits/retry", suffix, tmp_path, host=moody.address, key="x").strip() == "200"
    assert moody.asked == 2


@each_language
def test_the_retrying_sample_gives_up_when_the_wait_is_too_long(suffix: str, moody: SimpleNamespace, tmp_path) -> None:
    moody.moods = [(429, "86400")]
    assert run("limits/retry", suffix, tmp_path, host=moody.address, key="x").strip() == "429"
    assert moody.asked == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_there_in_every_language_with_nothing_but_host_and_key_to_fill_in(name: str) -> None:
    for language in samples.LANGUAGES:
        text = samples.read(name, language.suffix)
        assert samples.HOST in text
        assert text.count(samples.KEY) == text.count("<") - text.count("<=") == 1
        assert f"<mark>{samples.KEY.replace('<', '&lt;').replace('>', '&gt;')}</mark>" in samples.shown(
            name, language.suffix
        )


def test_every_file_of_the_samples_is_shown_on_a_page() -> None:
    pages = "".join(Client().get(page.address).content.decode() for page in PAGES)
    for path in samples.FOLDER.glob("*/*.*"):
        name, suffix = str(path.relative_to(samples.FOLDER).with_suffix("")), path.suffix[1:]
        assert samples.shown(name, suffix) in pages, path.name
