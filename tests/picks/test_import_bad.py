"""import_picks with a bad line names the line and the field, and takes nothing of the file."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.feed.models import Fixture
from apps.picks import importing
from apps.picks.import_lines import BadLines, read_lines
from apps.picks.models import Pick
from tests.factories import PickFactory
from tests.picks.lines import line, written

SETTLED = {"status": "settled", "settled_at": "2026-05-25T17:00:00Z", "result": "win"}
FUTURE = (datetime.now(UTC) + timedelta(days=1)).isoformat()

BAD_FIELDS = [
    ("sport", "Soccer"), ("sport", "ice hockey"), ("sport", ""), ("sport", None), ("sport", "a" * 41), ("sport", 7),
    ("league", 5), ("league", "L" * 161), ("league", "Serie\x00A"),
    ("home_team", None), ("home_team", ""), ("home_team", "  "), ("home_team", ["Arsenal"]), ("home_team", "A\nB"),
    ("away_team", "\ud800"), ("away_team", "C" * 161),
    ("kickoff_at", "yesterday"), ("kickoff_at", "2026-05-25"), ("kickoff_at", "2026-05-25T15:00:00"),
    ("kickoff_at", "2026-02-30T15:00:00Z"), ("kickoff_at", "0001-01-01T00:00:00+14:00"), ("kickoff_at", 1779721200),
    ("kickoff_at", "9999-12-31T23:59:59-12:00"), ("kickoff_at", "2026-05-25T24:00:00Z"), ("kickoff_at", ""),
    ("kickoff_at", "２０２６-05-25T15:00:00Z"),
    ("pick", None), ("pick", ""), ("pick", "x" * 201), ("pick", {"side": "home"}),
    ("odds", 1), ("odds", 1.0), ("odds", 0.5), ("odds", -3), ("odds", "1.91"), ("odds", True), ("odds", None),
    ("odds", 1000.001), ("odds", 1e300), ("odds", 1.9101), ("odds", [1.91]), ("odds", 10**400),
    ("edge_pct", "4.2"), ("edge_pct", -100), ("edge_pct", 1000.1), ("edge_pct", None), ("edge_pct", 91.0),
    ("confidence", 0), ("confidence", 6), ("confidence", 2.5), ("confidence", True), ("confidence", "3"),
    ("status", "pending"), ("status", "rejected"), ("status", None), ("status", ["settled"]),
    ("id", "not-a-uuid"), ("id", 12), ("id", "{6f1c2d3e-0000-4000-8000-000000000000}"),
    ("analysis", 1), ("analysis", "bad \x00 byte"), ("analysis", "x" * 20_001),
    ("anchor", "a" * 25), ("anchor", ""), ("sandbox", "yes"),
    ("closing_fair_odds", 1), ("closing_fair_odds", "1.8"), ("closing_fair_odds", 1e9),
    ("settled_at", "2026-05-25T17:00:00Z"), ("result", "win"), ("published_at", "2026-05-25T10:00:00Z"),
]  # fmt: skip


def problems(*raw: Any) -> list[tuple[int, str]]:
    encoded = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in raw]
    with pytest.raises(BadLines) as refused:
        read_lines(encoded, now=datetime.now(UTC))
    return [(problem.line, problem.field) for problem in refused.value.problems]


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_a_value_that_cannot_be_is_named_by_line_and_field(field, value):
    assert problems(line(), line(**{field: value})) == [(2, field)]


@pytest.mark.parametrize("field", ["sport", "home_team", "pick", "odds", "edge_pct", "confidence", "status"])
def test_a_missing_field_is_named(field):
    short = line()
    del short[field]
    assert problems(short) == [(1, field)]


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("settled_at", SETTLED | {"settled_at": None}),
        ("result", SETTLED | {"result": None}),
        ("result", SETTLED | {"result": "lost"}),
        ("settled_at", SETTLED | {"settled_at": FUTURE}),
        ("kickoff_at", SETTLED | {"kickoff_at": None}),
        ("kickoff_at", {"status": "published", "kickoff_at": None}),
        ("published_at", {"status": "published", "published_at": FUTURE}),
        ("result", {"status": "published", "result": "void"}),
    ],
)
def test_fields_that_contradict_each_other_are_named(field, fields):
    assert problems(line(**fields)) == [(1, field)]


def test_a_field_that_no_pick_has_is_named():
    with pytest.raises(BadLines, match=r"line 1, stake: is not a field of a pick"):
        read_lines([json.dumps(line(stake=5)).encode()], now=datetime.now(UTC))


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"[]", b"[1, 2]", b'"text"', b"null", b"17", b"{} {}", b"\xff\xfe{}", b'{"odds": NaN}', b'{"odds": 1e}',
        b'{"sport": "soccer", "sport": "tennis"}', b"[" * 100_000, b'{"odds": -Infinity}', b"\x00",
        b'{"odds": 1e99999999999999999999}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_json_object_is_named(raw):
    assert problems(line(), raw, line()) == [(2, "")]


def test_an_id_twice_in_a_file_is_named_with_the_first_line():
    pick_id = str(uuid.uuid4())
    twice = [json.dumps(line(id=pick_id)).encode(), b"", json.dumps(line(id=pick_id.upper())).encode()]
    with pytest.raises(BadLines, match=r"line 3, id: stands in line 1 already"):
        read_lines(twice, now=datetime.now(UTC))


def test_several_faults_of_one_line_are_all_named():
    assert problems(line(odds=0, confidence=9)) == [(1, "odds"), (1, "confidence")]


def test_only_the_first_twenty_are_written_out():
    with pytest.raises(BadLines) as refused:
        read_lines([json.dumps(line(odds=0)).encode()] * 30, now=datetime.now(UTC))
    assert str(refused.value).count("\n") == 21
    assert str(refused.value).endswith("and 10 more")


@pytest.mark.django_db
def test_one_bad_line_and_nothing_of_the_file_is_taken(tmp_path: Path):
    file = written(tmp_path, line(), line(odds=0.9), line())
    with pytest.raises(CommandError, match=r"line 2, odds") as refused:
        call_command("import_picks", file)
    assert refused.value.returncode == 1
    assert not Pick.objects.exists()
    assert not Fixture.objects.exists()


@pytest.mark.django_db
def test_an_id_that_exists_is_a_bad_line(tmp_path: Path):
    known = PickFactory()
    with pytest.raises(CommandError, match=r"line 2, id: belongs to a pick that exists already"):
        call_command("import_picks", written(tmp_path, line(), line(id=str(known.pk))))
    assert list(Pick.objects.all()) == [known]


@pytest.mark.django_db
def test_an_id_that_somebody_takes_between_the_look_and_the_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch):
    known = PickFactory()
    monkeypatch.setattr(importing, "_refuse_known_ids", lambda lines: None)
    with pytest.raises(CommandError, match="nothing was imported"):
        call_command("import_picks", written(tmp_path, line(home_team="Leeds"), line(id=str(known.pk))))
    assert not Fixture.objects.filter(home_team="Leeds").exists()


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path):
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_picks", tmp_path / "none.jsonl")
