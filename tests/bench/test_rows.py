"""Rows meet their targets by their quotients, and a profile's samples go to the part that was at work."""

from bench.profile import part_of, shares
from bench.report import Row, table
from bench.rows import PageTime, page_rows
from bench.streams import PEER_NAME, Saw, at_most, stream_rows


def test_a_row_that_must_be_at_least_so_many_times_the_other() -> None:
    assert Row("speed", "req/s", 4_000, 10, must="≥", against=400).met
    assert not Row("speed", "req/s", 3_999, 10, must="≥", against=400).met


def test_a_row_that_may_be_at_most_so_many_times_the_other() -> None:
    assert Row("time", "ms", 1.2, 1.2, against=1.0).met
    assert not Row("time", "ms", 1.3, 1.2, against=1.0).met


def test_a_row_that_must_be_exact() -> None:
    assert Row("passed", "", 100, 100, must="=").met
    assert not Row("passed", "", 99, 100, must="=").met


def test_a_row_with_a_target_of_its_own_units() -> None:
    row = Row("memory", "KB", 2.5, 2)
    assert not row.met
    assert row.cells()[:6] == ("memory", "2.5 KB", "", "", "≤ 2 KB", "NOT MET")


def test_streams_are_held_against_targets_and_shown_beside_the_peer() -> None:
    rows = stream_rows({"ours": Saw(12_000, 180, 5.1), PEER_NAME: Saw(140_000, 1_300)}, count=5_000)
    assert [row.met for row in rows] == [True, True, False]
    assert [row.beside for row in rows] == [{PEER_NAME: 140}, {PEER_NAME: 1_300}, {}]


def test_of_an_area_the_slowest_page_counts_and_stands_beside_a_new_customers() -> None:
    saw = {"API keys": [PageTime("list", 40), PageTime("one", 101)], "the front": [PageTime("/", 9)]}
    keys, front = page_rows(saw, new={"one": 30}, barest=20)
    assert (keys.what, keys.met) == ("page of API keys: one, slowest of 2", False)
    assert keys.beside == {"new customer": 30, "one sentence": 20}
    assert (front.what, front.met, front.beside) == ("page of the front: /", True, {})


def test_of_few_events_the_slowest_counts() -> None:
    assert at_most([3.0, 1.0, 2.0]) == 3.0
    assert at_most([float(nth) for nth in range(200)]) == 197.0


def test_the_table_stands_in_columns() -> None:
    lines = table([Row("a", "ms", 1, 1, against=2.0, against_name="b"), Row("longer", "ms", 1_234, 1)]).splitlines()
    assert len({len(line) for line in lines}) == 1


def test_a_sample_belongs_to_the_innermost_part_that_is_named() -> None:
    callback = "runner (granian/wsgi.py:57);inner (django/core/handlers/exception.py:55)"
    assert part_of(f"{callback};guarded (apps/api/gate.py:60);wait (threading.py:1)").startswith("gate")
    assert part_of(f"{callback};call (apps/core/redis.py:9);read (hiredis.py:1)").startswith("Redis")


def test_threads_that_serve_no_request_do_not_count() -> None:
    found = shares(["worker (psycopg_pool/pool.py:602);wait (threading.py:1) 90", "runner (granian/wsgi.py:57) 10"])
    assert found == {"Granian: into WSGI and out of it": 100}
