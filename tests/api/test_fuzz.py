"""Schemathesis against the running server: whatever it sends, the answer is one that the description promises."""

import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from apps.access.models import ApiKey
from apps.accounts.tiers import TIERS
from apps.api.v1.deliveries import DELIVERY_ID
from apps.api.v1.picks import PICK
from apps.api.v1.webhooks import ID
from apps.feed.models import Origin
from apps.picks.models import Outcome, Status
from apps.webhooks.models import Reason, State
from tests.factories import ApiKeyFactory, FixtureFactory, PickFactory
from tests.web import web_process
from tests.webhooks.delivering import subscribed
from tests.webhooks.rows import delivery_of

FUZZER = Path(sys.executable).parent / "schemathesis"
EXAMPLES, SEED = 25, 20260525
# Whether a URL's host is public is no pattern's to say: of one that has the form, 400 is expected too.
CONFIG = """
[[operations]]
include-path-regex = "^/webhooks"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "429", "5xx"]
"""
AT = datetime(2026, 5, 25, 15, tzinfo=UTC)


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


def make_the_webhook_of_the_examples(key: ApiKey) -> None:
    """With a delivery of every kind in its log."""
    webhook = subscribed(key=key, now=AT, id=ID)
    for status in State:
        delivery_of(webhook, at=AT, status=status, attempts=2)
    delivery_of(webhook, at=AT, status=State.FAILED, reason=Reason.EXHAUSTED, id=DELIVERY_ID)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tier", list(TIERS))
def test_a_fuzzer_finds_no_answer_that_is_not_described(tier: str, tmp_path: Path, redis: "redis_py.Redis") -> None:
    make_picks_of_every_state()
    key = ApiKeyFactory(tier=tier)
    make_the_webhook_of_the_examples(key)
    with web_process(tmp_path, application="tests.api.raised:application") as address:
        run = fuzz(address, key.secret, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


def fuzz(address: str, secret: str, folder: Path) -> "subprocess.CompletedProcess[Any]":
    description = folder / "openapi.json"  # read from a file: one read from its address would not be fuzzed itself
    with urllib.request.urlopen(f"{address}/api/v1/openapi.json") as answer:
        description.write_bytes(answer.read())
    (folder / "schemathesis.toml").write_text(CONFIG)
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
