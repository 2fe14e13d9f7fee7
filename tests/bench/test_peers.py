"""The three stacks answer the same: what is compared is the same work. Skipped where the peers are not installed."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from bench import streams
from bench.install import INSTALLED
from bench.run import PICKS, RECORD, Run, Sizes

pytestmark = [
    pytest.mark.skipif(not INSTALLED.is_file(), reason="the peers are not installed; `make bench` installs them"),
    pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("bench")
    sizes = Sizes(
        few=600, many=1_200, runs=1, seconds=1, waits=1, publications=1, drain=1, organizations=1, keys_each=2
    )
    with Run(folder, sizes) as running:
        running.start()
        yield running


def answer(run: Run, site: str, path: str = PICKS) -> Any:
    caller = run.sites[site].caller()
    try:
        return json.loads(caller.get(path))
    finally:
        caller.close()


def ids(page: dict[str, Any]) -> list[str]:
    return [pick["id"] for pick in page.get("data") or page["results"]]


def test_all_three_give_the_same_first_page(run: Run) -> None:
    ours, ceiling, conventional = (answer(run, site) for site in ("ours few", "ceiling", "conventional few"))
    assert ceiling == ours
    assert ids(conventional) == ids(ours)
    assert len(ids(ours)) == 50
    assert conventional["count"] == ours["count"]


def test_a_conventional_row_says_what_ours_says(run: Run) -> None:
    ours, conventional = answer(run, "ours few")["data"][0], answer(run, "conventional few")["results"][0]
    assert conventional == ours


def test_the_cursor_and_the_offset_lead_to_the_same_deep_page(run: Run) -> None:
    cursor = run.products["many"]("cursor", 6)
    ours = answer(run, "ours many", f"{PICKS}&cursor={cursor}")
    assert ids(ours) == ids(answer(run, "conventional many", f"{PICKS}&offset=250"))


def test_both_records_count_the_same(run: Run) -> None:
    ours, conventional = answer(run, "ours many", RECORD), answer(run, "conventional many", RECORD)
    assert ours["overall"]["total_settled"] == conventional["overall"]["total_settled"] == 1_200


def test_wrk_is_told_apart_from_refusals(run: Run) -> None:
    assert run.sites["ours few"].load(PICKS, 1).rps > 0


def test_a_change_changes_the_first_page(run: Run) -> None:
    before = answer(run, "ours many")
    run.products["many"]("change")
    assert [pick["status"] for pick in before["data"]].count("published") == 50
    assert "settled" in {pick["status"] for pick in answer(run, "ours many")["data"]}


def test_both_stream_processes_tell_all_of_their_readers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "IDLE_SECONDS", 0.5)
    saw = streams.measure(run.folder, run.products["few"], run.stream_extra, count=60, events=2)
    assert saw.keys() == {"ours", streams.PEER_NAME}
    assert all(each.bytes_each > 0 and each.last_ms > 0 for each in saw.values())
