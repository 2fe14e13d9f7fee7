"""Schemathesis against the running server: whatever it sends, the answer is one that the description promises."""

import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from apps.accounts.tiers import TIERS
from apps.api.v1.picks import PICK
from apps.feed.models import Origin
from apps.picks.models import Outcome, Status
from tests.factories import ApiKeyFactory, FixtureFactory, PickFactory
from tests.web import web_process

FUZZER = Path(sys.executable).parent / "schemathesis"
EXAMPLES, SEED = 25, 20260525


def make_picks_of_every_state() -> None:
    PickFactory()
    PickFactory(status=Status.REJECTED)
    PickFactory(status=Status.EXPIRED)
    PickFactory(published=True, id=PICK["id"])  # the one in the description's examples
    PickFactory.create_batch(3, published=True)
    PickFactory(published=True, analysis="", league="", sport="tennis")
    PickFactory(published=True, fixture=FixtureFactory(origin=Origin.SANDBOX))
    for result in Outcome:
        PickFactory(settled=True, result=result, profit=0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tier", list(TIERS))
def test_a_fuzzer_finds_no_answer_that_is_not_described(tier: str, tmp_path: Path, redis: "redis_py.Redis") -> None:
    make_picks_of_every_state()
    secret = ApiKeyFactory(tier=tier).secret
    with web_process(tmp_path, application="tests.api.raised:application") as address:
        run = fuzz(address, secret, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


def fuzz(address: str, secret: str, folder: Path) -> "subprocess.CompletedProcess[Any]":
    description = folder / "openapi.json"  # read from a file: one read from its address would not be fuzzed itself
    with urllib.request.urlopen(f"{address}/api/v1/openapi.json") as answer:
        description.write_bytes(answer.read())
    return subprocess.run(
        [
            *(str(FUZZER), "run", str(description), "--url", f"{address}/api/v1"),
            *("--header", f"Authorization: Bearer {secret}"),
            *("--exclude-path", "/picks/stream"),  # another process's, and without an end
            *("--checks", "all", "--max-examples", str(EXAMPLES)),
            *("--seed", str(SEED), "--generation-deterministic", "--no-color"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
