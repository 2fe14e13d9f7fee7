"""Everything is killed with -9 while picks are told: each event reaches every webhook and stream, and no other way."""

import os
from pathlib import Path

import pytest

from tests.front import needs_caddy
from tests.system.chaos.plan import Size
from tests.system.chaos.run import run
from tests.system.chaos.verdict import table, violations

pytestmark = [needs_caddy, pytest.mark.xdist_group("kill")]

SEED = 41
SHORT = Size(kills=12, picks=40, pause=(0.8, 2.0), ending=90.0)


def test_whatever_is_killed_every_event_reaches_every_webhook_and_stream(tmp_path: Path) -> None:
    seen = run(SHORT, seed=SEED, folder=tmp_path, path=os.environ["PATH"], say=print)
    for what, figure in table(seen):
        print(f"{what:<32} {figure}")  # shown where the test fails
    assert violations(seen) == []
    assert len(seen.killed) == SHORT.kills + 4
    assert sum(seen.in_flight) > 0, "a run in which no attempt is killed shows nothing"
    assert any(each.status == 500 for each in seen.arrivals.arrivals), "nor does one in which nothing is sent again"
    assert sum(reader.opened for reader in seen.readers) > len(seen.readers), "nor one in which no stream ends"
