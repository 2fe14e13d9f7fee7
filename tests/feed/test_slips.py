"""Slips of an upstream that must not cost a pick, a price or a result: ids handed on, names swapped, wild values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.feed import odds
from apps.feed.anchors.ingest import ingest_anchor
from apps.feed.http import UpstreamRefused
from apps.feed.ingest import ingest_fixtures, leave_play
from apps.feed.models import AnchorRow, Fixture, Result, Selection
from apps.feed.porqpine.schema import read_result, read_unified
from apps.feed.quotes import Observed, confirm_quotes, record_quotes
from apps.feed.readings import FixtureReading, MarketReading, OddsReading, SelectionReading
from apps.feed.results import claim_result_asks, expect_results, ingest_results
from tests.factories import FixtureFactory
from tests.feed.test_anchor import EPL, event

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 12, tzinfo=UTC)
KICKOFF = NOW + timedelta(hours=5)
HOUR = timedelta(hours=1)
ONE = FixtureReading("100", "555", "soccer", "Arsenal vs Chelsea", "Arsenal", "Chelsea", "EPL", kickoff_at=KICKOFF)


def take(*readings: FixtureReading, now: datetime = NOW) -> Fixture:
    """The fixture of the first reading, after all were taken in."""
    return Fixture.objects.get(pk=ingest_fixtures(readings, origin="live", now=now)[readings[0]])


def result(**changes: Any) -> int:
    record = {"internal_id": "100", "bfi": "555", "name": "Arsenal vs Chelsea", "winner": "Arsenal", **changes}
    return ingest_results([read_result(record)], now=KICKOFF + 3 * HOUR)


class TestResults:
    @pytest.mark.parametrize("other", [{"bfi": "777"}, {"bfi": None, "name": "Leeds vs Burnley", "winner": "The Draw"}])
    def test_of_another_match_under_our_internal_id_are_not_ours(self, other: dict[str, Any]) -> None:
        take(ONE)
        assert result(**other) == 0
        assert not Result.objects.exists()

    def test_of_another_match_are_not_ours_where_neither_has_a_bfi(self) -> None:
        take(replace(ONE, bfi=None))
        assert result(bfi=None, name="Leeds vs Burnley", winner="The Draw") == 0
        assert result(bfi=None) == 1

    def test_with_another_spelling_of_one_side_are_ours(self) -> None:
        take(ONE)
        assert result(bfi=None, name="Arsenal FC v Chelsea London") == 1

    def test_under_our_bfi_are_ours_however_they_spell_the_sides(self) -> None:
        take(ONE)
        assert result(name="The Gunners vs The Blues", winner="The Gunners") == 1
        assert Result.objects.get().side == ""

    def test_before_the_start_are_not_believed_unless_it_is_called_off(self) -> None:
        take(replace(ONE, kickoff_at=KICKOFF + timedelta(days=1)))
        assert result() == 0
        assert Fixture.objects.get().odds_due_at is not None
        assert result(status="CANCELLED", winner=None) == 1

    def test_that_say_nothing_do_not_end_the_asking(self) -> None:
        fixture = take(ONE)
        Fixture.objects.update(odds_read_at=NOW)
        assert result(winner=None) == 1
        assert expect_results(now=KICKOFF + 2 * HOUR) == 1
        assert [row.pk for row in claim_result_asks(now=KICKOFF + 2 * HOUR, most=9)] == [fixture.pk]
        assert result(winner="Chelsea") == 1
        Fixture.objects.update(result_asks=0)
        assert expect_results(now=KICKOFF + 2 * HOUR) == 0

    @pytest.mark.parametrize(
        "wild", ["A\x00B", "\ud800", float("1e999"), 10**400, {"a": {"b": {"c": {"d": {"e": 1}}}}}]
    )
    def test_with_values_that_no_database_takes_are_stored_without_them(self, wild: Any) -> None:
        take(ONE)
        assert result(final_scores={"home": 2, "away": wild, "note": wild}, completed_at=wild) == 1


class TestIds:
    def test_an_internal_id_alone_that_names_other_sides_is_another_event(self) -> None:
        first = take(ONE)
        other = FixtureReading("100", None, "soccer", "Leeds vs Burnley", "Leeds", "Burnley")
        assert take(other).pk != first.pk
        first.refresh_from_db()
        assert (first.name, first.internal_id) == (ONE.name, None)

    def test_results_and_starts_known_before_a_merge_are_not_lost(self) -> None:
        mine = take(replace(ONE, bfi=None, in_play=True), now=KICKOFF)
        Result.objects.create(fixture=mine, winner="Arsenal", side="home", observed_at=NOW)
        take(replace(ONE, internal_id=None), now=KICKOFF)
        kept = take(ONE, now=KICKOFF)
        assert (kept.started_at, [row.winner for row in kept.results.all()]) == (KICKOFF, ["Arsenal"])


class TestPlay:
    def test_a_slip_of_in_play_before_the_start_is_taken_back(self) -> None:
        take(replace(ONE, in_play=True))
        assert leave_play(still_live=set(), unread=set(), now=NOW) == 1
        fixture = take(ONE, now=NOW + HOUR / 30)
        assert (fixture.started_at, fixture.result_due_at, fixture.result_asks) == (None, None, 0)
        assert fixture.odds_due_at is not None

    def test_a_match_that_was_brought_forward_stays_begun_when_it_is_over(self) -> None:
        take(replace(ONE, in_play=True))
        leave_play(still_live=set(), unread=set(), now=NOW + HOUR)
        fixture = take(ONE, now=NOW + HOUR)
        assert (fixture.started_at, fixture.result_due_at) == (NOW, NOW + HOUR)

    def test_the_result_is_asked_for_also_while_nobody_ends_its_play(self) -> None:
        fixture = take(replace(ONE, in_play=True), now=KICKOFF)
        Fixture.objects.update(odds_read_at=NOW)
        expect_results(now=KICKOFF + 5 * HOUR)
        assert [row.pk for row in claim_result_asks(now=KICKOFF + 5 * HOUR, most=9)] == [fixture.pk]

    def test_the_older_catalogue_does_not_end_play(self) -> None:
        take(replace(ONE, in_play=True), now=KICKOFF)
        fixture = take(ONE, now=KICKOFF + timedelta(minutes=1))
        assert (fixture.in_play, fixture.started_at) == (True, KICKOFF)

    def test_a_tournament_that_turns_out_to_be_a_match_is_read_again(self) -> None:
        take(replace(ONE, tournament=True))
        Fixture.objects.update(odds_due_at=None)
        assert take(ONE).odds_due_at == NOW


class TestJoins:
    @staticmethod
    def join(*events: Any, now: datetime = NOW) -> dict[str, AnchorRow]:
        ingest_anchor(events, sport="soccer", feed=EPL.key, unread=(), now=now)
        return {row.external_id: row for row in AnchorRow.objects.all()}

    def test_keep_to_the_order_of_sides_that_was_seen_first(self) -> None:
        take(replace(ONE, name="Chelsea vs Arsenal", home_team="Chelsea", away_team="Arsenal"))
        assert self.join(event())["Arsenal-Chelsea"].swapped
        assert take(ONE).home_team == "Chelsea"  # another list, another order: a pick is on a side, which stays
        assert self.join(event(), now=NOW + HOUR)["Arsenal-Chelsea"].swapped
        assert Selection.objects.get(name="Arsenal").side == "away"

    def test_the_next_meeting_does_not_take_over_todays_match(self) -> None:
        take(replace(ONE, kickoff_at=None))
        self.join(event())
        tomorrow = event(commence=KICKOFF + timedelta(days=1), id="tomorrow")
        assert self.join(tomorrow, now=NOW + HOUR)["tomorrow"].fixture is None
        assert Fixture.objects.get().kickoff_at == KICKOFF
        back = event("Chelsea", "Arsenal", KICKOFF + timedelta(days=2))
        assert self.join(back, now=NOW + HOUR)["Chelsea-Arsenal"].fixture is None

    def test_a_slip_of_in_play_does_not_part_a_match_without_a_start(self) -> None:
        take(replace(ONE, kickoff_at=None, in_play=True))
        leave_play(still_live=set(), unread=set(), now=NOW)
        assert self.join(event())["Arsenal-Chelsea"].fixture is not None

    def test_lock_fixtures_in_the_order_in_which_a_page_of_them_is_locked(self) -> None:
        take(ONE)  # two that lock in different orders wait for each other for ever, though seldom in a short test
        with CaptureQueriesContext(connection) as queries:
            self.join(event())
        locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
        assert any('ORDER BY "feed_fixture"."id" ASC' in sql for sql in locks)

    def test_end_when_the_fixture_is_another_match_now(self) -> None:
        take(ONE)
        self.join(event())
        take(replace(ONE, name="Leeds vs Burnley", home_team="Leeds", away_team="Burnley"))
        assert self.join(event(), now=NOW + HOUR)["Arsenal-Chelsea"].fixture is None
        assert not Selection.objects.filter(is_open=True).exists()

    def test_of_two_legs_the_nearer_takes_a_fixture_without_a_start(self) -> None:
        take(replace(ONE, kickoff_at=None))
        rows = self.join(event("Chelsea", "Arsenal", KICKOFF + timedelta(days=7)), event())
        assert (rows["Chelsea-Arsenal"].fixture, rows["Arsenal-Chelsea"].swapped) == (None, False)
        assert Fixture.objects.get().kickoff_at == KICKOFF

    def test_a_start_that_the_anchor_gave_follows_the_anchor(self) -> None:
        take(replace(ONE, kickoff_at=None))
        self.join(event())
        rows = self.join(event(commence=KICKOFF + timedelta(days=1)), now=NOW + HOUR)
        assert rows["Arsenal-Chelsea"].fixture is not None
        assert Fixture.objects.get().kickoff_at == KICKOFF + timedelta(days=1)


class TestPrices:
    @staticmethod
    def seen(fixture: Fixture, odds: str) -> Observed:
        reading = SelectionReading("Arsenal", "home", Decimal(odds))
        return Observed(
            fixture.pk, "exchange", (MarketReading("exchange", "1", "Match Odds", "match_odds", (reading,)),)
        )

    def test_an_event_named_twice_in_one_answer_counts_as_last_named(self) -> None:
        fixture = FixtureFactory()
        record_quotes([self.seen(fixture, "2.0")], now=NOW)
        record_quotes([self.seen(fixture, "2.1"), self.seen(fixture, "2.2")], now=NOW + HOUR)
        assert Selection.objects.get().back_odds == Decimal("2.200")

    def test_a_slow_worker_does_not_undo_what_a_quick_one_saw_later(self) -> None:
        fixture = FixtureFactory()
        record_quotes([self.seen(fixture, "2.0")], now=NOW)
        record_quotes([self.seen(fixture, "2.2")], now=NOW + HOUR)
        record_quotes([self.seen(fixture, "2.1")], now=NOW + HOUR / 2)
        confirm_quotes(fixture_ids=[fixture.pk], books=["exchange"], now=NOW + HOUR / 2)
        row = Selection.objects.get()
        assert (row.back_odds, row.last_confirmed_at) == (Decimal("2.200"), NOW + HOUR)

    def test_an_empty_frame_is_no_digest(self) -> None:
        market = {"1": {"market": {"byMarketId": {}}, "bookmaker": None}, "2": {"market": {"byMarketId": {"x": 1}}}}
        assert set(read_unified({"source": "live", "market": market})) == {"2"}


class TestReading:
    """What a refresh does with answers that are not what it asked for."""

    class Upstream:
        """Every price is live, but the change detector refuses."""

        def __init__(self, *, fresh: bool = True) -> None:
            self.fresh = fresh
            self.read: list[str | None] = []

        def digests(self, ids: Any) -> dict[str, str]:
            if self.fresh:
                raise UpstreamRefused("answered 400", 400)
            return dict.fromkeys(ids, "same")

        def odds(self, fixture: FixtureReading) -> tuple[OddsReading, str]:
            self.read.append(fixture.bfi)
            reading = SelectionReading("Arsenal", "home", Decimal("2.0"))
            market = MarketReading("exchange", "1", "Match Odds", "match_odds", (reading,))
            return OddsReading(fixture.internal_id, fixture.bfi, (market,), fresh=self.fresh), "live"

    @pytest.mark.usefixtures("redis")
    def test_a_change_detector_that_refuses_costs_no_price(self) -> None:
        upstream: Any = self.Upstream()
        fixtures = [FixtureFactory(), FixtureFactory()]
        odds.refresh(fixtures, upstream=upstream, now=NOW)
        assert upstream.read == [fixture.bfi for fixture in fixtures]
        assert Selection.objects.filter(back_odds="2.0").count() == 2

    @pytest.mark.usefixtures("redis")
    def test_prices_that_were_not_live_are_read_again_at_once(self) -> None:
        upstream: Any = self.Upstream(fresh=False)
        fixture = FixtureFactory()
        for _ in range(2):
            odds.refresh([fixture], upstream=upstream, now=NOW)
        assert len(upstream.read) == 2


class TestTurns:
    @staticmethod
    def due(**changes: Any) -> Fixture:
        fields = {"odds_due_at": NOW, "last_seen_at": NOW, "kickoff_at": KICKOFF, **changes}
        made: Fixture = FixtureFactory(**fields)
        return made

    def test_what_no_list_shows_any_more_is_not_asked_for(self) -> None:
        self.due(last_seen_at=NOW - HOUR)
        assert odds.claim_due(now=NOW, most=9) == []

    def test_the_nearest_start_comes_first_and_what_should_have_begun_last(self) -> None:
        late = self.due(kickoff_at=NOW - HOUR, odds_due_at=NOW - HOUR)
        far, near = self.due(kickoff_at=NOW + 9 * HOUR, odds_due_at=NOW - HOUR), self.due(kickoff_at=NOW + HOUR)
        unknown = self.due(kickoff_at=None)
        assert [row.pk for row in odds.claim_due(now=NOW, most=9)] == [near.pk, far.pk, unknown.pk, late.pk]

    def test_the_nearer_the_start_the_sooner_the_next_turn(self) -> None:
        minutes = [5, 60, 600, 60 * 72, -5, -200]
        turns = [odds.next_turn(FixtureFactory(kickoff_at=NOW + timedelta(minutes=left)), now=NOW) for left in minutes]
        seconds = [turn and (turn - NOW).total_seconds() for turn in turns]
        assert seconds == [10, 60, 300, 24 * 3600, 60, None]
