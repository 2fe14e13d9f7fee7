"""Fixtures come in by whole pages: both ids, moved ids, merged rows, moved kick-offs, few statements."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.feed.ingest import ingest_fixtures, leave_play
from apps.feed.models import Fixture, KickoffChange
from apps.feed.readings import FixtureReading
from tests.together import at_once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 12, tzinfo=UTC)
KICKOFF = NOW + timedelta(hours=3)
ONE = FixtureReading("1572164", "35540213", "soccer", "Real Sociedad vs Betis", "Real Sociedad", "Betis", "La Liga")


def take(*readings: FixtureReading, now: datetime = NOW) -> list[int | None]:
    ids = ingest_fixtures(readings, origin="live", now=now)
    return [ids.get(reading) for reading in readings]


def page(count: int) -> list[FixtureReading]:
    return [
        FixtureReading(str(n), str(35_000_000 + n), "soccer", f"Home {n} vs Away {n}", f"Home {n}", f"Away {n}")
        for n in range(1, count + 1)
    ]


def statements(readings: list[FixtureReading], now: datetime) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ingest_fixtures(readings, origin="live", now=now)
    return len(queries)


def test_a_page_of_1760_takes_as_many_statements_as_a_page_of_ten() -> None:
    few, many = page(10), page(1_760)
    assert statements(few, NOW) <= 11
    assert statements(many, NOW) <= 11
    moved = [replace(reading, in_play=True, kickoff_at=KICKOFF) for reading in many]
    assert statements(moved, NOW + timedelta(seconds=30)) <= 11
    assert Fixture.objects.filter(in_play=True, kickoff_at=KICKOFF).count() == 1_760
    assert KickoffChange.objects.count() == 1_760


def test_the_same_page_again_makes_nothing_new() -> None:
    first = take(*page(5))
    assert take(*page(5)) == first
    assert Fixture.objects.count() == 5


def test_either_id_finds_the_row() -> None:
    (row,) = take(ONE)
    assert take(replace(ONE, bfi=None), replace(ONE, internal_id=None)) == [row, row]


def test_a_record_that_shows_both_ids_merges_two_rows() -> None:
    by_internal, by_bfi = take(replace(ONE, bfi=None), replace(ONE, internal_id=None))
    assert by_internal != by_bfi
    assert take(ONE) == [by_bfi]
    gone = Fixture.objects.get(pk=by_internal)
    assert (gone.merged_into_id, gone.internal_id) == (by_bfi, None)
    assert Fixture.objects.get(internal_id=ONE.internal_id).pk == by_bfi


def test_an_internal_id_that_changes_keeps_the_row_of_the_bfi() -> None:
    (row,) = take(ONE)
    assert take(replace(ONE, internal_id="1598914")) == [row]
    assert Fixture.objects.get().internal_id == "1598914"


def test_an_internal_id_given_to_another_event_does_not_touch_the_first() -> None:
    (row,) = take(ONE)
    other = FixtureReading(ONE.internal_id, "777", "tennis", "A vs B", "A", "B")
    assert take(other) != [row]
    first = Fixture.objects.get(pk=row)
    assert (first.name, first.internal_id, first.bfi) == (ONE.name, None, ONE.bfi)


def test_a_bfi_that_changes_under_the_same_sides_keeps_the_row() -> None:
    (row,) = take(ONE)
    assert take(replace(ONE, bfi="999")) == [row]


def test_duplicate_ids_in_one_page_make_one_row() -> None:
    ids = take(ONE, replace(ONE, name="Real Sociedad v Betis"), replace(ONE, bfi=None))
    assert len(set(ids)) == 1
    assert Fixture.objects.count() == 1


def test_a_record_that_leaves_things_out_loses_nothing() -> None:
    take(replace(ONE, kickoff_at=KICKOFF))
    take(replace(ONE, home_team="", away_team="", league=""))
    row = Fixture.objects.get()
    assert (row.kickoff_at, row.league, row.home_team) == (KICKOFF, "La Liga", "Real Sociedad")


def test_every_change_of_the_kick_off_is_kept() -> None:
    for hours in (0, 1, 1, 2):
        take(replace(ONE, kickoff_at=KICKOFF + timedelta(hours=hours)))
    changes = KickoffChange.objects.values_list("old", "new")
    assert list(changes) == [
        (None, KICKOFF),
        (KICKOFF, KICKOFF + timedelta(hours=1)),
        (KICKOFF + timedelta(hours=1), KICKOFF + timedelta(hours=2)),
    ]


def test_seen_in_play_sets_the_start_once() -> None:
    take(ONE)
    for minute in (1, 2):
        take(replace(ONE, in_play=True), now=NOW + timedelta(minutes=minute))
    assert Fixture.objects.get().started_at == NOW + timedelta(minutes=1)


def test_gone_from_the_live_lists_asks_for_the_result_but_not_of_a_record_that_could_not_be_read() -> None:
    readings = [replace(reading, in_play=True) for reading in page(3)]
    live, gone, unread = take(*readings)
    assert leave_play(still_live={live or 0}, unread={"3"}, now=NOW) == 1
    due = {row.pk: row.result_due_at for row in Fixture.objects.all()}
    assert due == {live: None, gone: NOW, unread: None}


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_meet_on_the_same_new_page_make_each_row_once() -> None:
    at_once(*[lambda: ingest_fixtures(page(300), origin="live", now=NOW)] * 2)
    assert Fixture.objects.count() == 300
