"""import_picks takes a good file whole, with fixtures, settlements and track record, and says what it did."""

import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.feed.models import Fixture
from apps.outbox.models import OutboxEvent
from apps.picks.models import DailyRecord, Pick, Settlement, Status
from apps.picks.rollup import differences
from tests.picks.lines import line, written

pytestmark = pytest.mark.django_db


def imported(tmp_path: Path, *lines: Any, announce: bool = False) -> str:
    out = io.StringIO()
    call_command("import_picks", written(tmp_path, *lines), announce=announce, stdout=out)
    return out.getvalue()


def test_a_settled_pick_comes_in_with_everything_that_is_kept_about_it(tmp_path):
    pick_id = uuid.uuid4()
    imported(
        tmp_path,
        line(
            id=str(pick_id), status="settled", odds=1.91, edge_pct=4.2, result="half_win",
            kickoff_at="2026-05-25T15:00:00Z", settled_at="2026-05-25T17:00:00.250+02:00", analysis="Because.",
            anchor="pinnacle", closing_fair_odds=1.87,
        ),
    )  # fmt: skip
    pick = Pick.objects.select_related("fixture").get()
    assert pick.pk == pick_id
    assert (pick.status, pick.result, pick.profit) == ("settled", "half_win", Decimal("0.455"))
    assert pick.settled_at == datetime(2026, 5, 25, 15, 0, 0, 250_000, tzinfo=UTC)
    assert pick.edge_pct == Decimal("4.20")
    assert pick.fair_probability == pytest.approx(1.042 / 1.91, abs=1e-12)
    assert pick.fair_odds == Decimal("1.83301")
    assert pick.clv_pct == Decimal("2.14")
    assert (pick.market, pick.side, pick.line) == ("asian_handicap", "home", Decimal("-0.5"))
    assert (pick.analysis, pick.anchor, pick.origin) == ("Because.", "pinnacle", "import")
    assert pick.published_at == pick.kickoff_at - timedelta(hours=1)
    assert (pick.fixture.home_team, pick.fixture.away_team, pick.fixture.origin) == ("Arsenal", "Chelsea", "import")
    settlement = Settlement.objects.get()
    assert (settlement.number, settlement.rule, settlement.result) == (1, "imported", "half_win")
    assert settlement.profit == pick.profit


def test_the_track_record_counts_it_and_a_void_is_left_out(tmp_path):
    settled = {"status": "settled", "settled_at": "2026-05-25T17:00:00Z"}
    imported(
        tmp_path,
        line(**settled, result="win", odds=3.0),
        line(**settled, result="loss"),
        line(**settled, result="void"),
    )
    record = DailyRecord.objects.get()
    assert (record.settled, record.wins, record.profit) == (2, 1, Decimal(1))
    assert differences() == []


def test_published_and_waiting_picks_come_in_as_what_they_are(tmp_path):
    imported(tmp_path, line(status="published"), line(status="admin_review", kickoff_at=None))
    assert set(Pick.objects.values_list("status", flat=True)) == {Status.PUBLISHED, Status.REVIEW}
    assert not Settlement.objects.exists()


def test_nothing_is_announced_unless_asked_for(tmp_path):
    imported(tmp_path, line(status="published"))
    assert not OutboxEvent.objects.exists()


def test_announced_picks_are_told_once_each_by_their_status(tmp_path):
    settled = line(status="settled", settled_at="2026-05-25T17:00:00Z", result="win")
    imported(tmp_path, line(status="published"), settled, line(status="admin_review"), announce=True)
    events = OutboxEvent.objects.order_by("sequence")
    assert [event.type for event in events] == ["pick.published", "pick.settled"]
    assert [json.loads(event.body)["data"]["status"] for event in events] == ["published", "settled"]


def test_picks_of_one_match_share_a_fixture_over_several_imports(tmp_path):
    imported(tmp_path, line(pick="Draw"), line(pick="Arsenal -0.5 Asian Handicap"))
    said = imported(tmp_path, line(pick="Over 2.5 Goals"), line(home_team="Everton"))
    assert Fixture.objects.count() == 2
    assert "made 1 fixtures" in said


def test_words_that_are_not_ours_are_kept_as_they_are(tmp_path):
    imported(tmp_path, line(sport="greyhound-racing", away_team=None, pick="Trap 4, first past the post"))
    pick = Pick.objects.get()
    assert (pick.selection, pick.market) == ("Trap 4, first past the post", "other")


def test_what_the_api_adds_is_understood_and_the_sandbox_label_stays(tmp_path):
    imported(tmp_path, line(sandbox=True, anchor="pinnacle"))
    assert Fixture.objects.get().origin == "sandbox"


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_are_no_fault(tmp_path):
    file = tmp_path / "picks.jsonl"
    text = "\r\n".join(["", json.dumps(line()), "   ", json.dumps(line(home_team="Atlético"), ensure_ascii=False), ""])
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    out = io.StringIO()
    call_command("import_picks", file, stdout=out)
    assert out.getvalue().startswith("Imported 2 picks (0 settled) and made 2 fixtures")


def test_an_empty_file_is_no_fault(tmp_path):
    assert imported(tmp_path).startswith("Imported 0 picks")


def test_the_time_of_publishing_is_never_in_the_future(tmp_path):
    imported(tmp_path, line(status="published", kickoff_at="2199-01-01T00:00:00Z"))
    assert Pick.objects.get().published_at <= datetime.now(UTC)
