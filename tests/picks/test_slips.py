"""What must not be priced, published or settled wrongly when markets, starts and fixtures are not what they seem."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.feed.ingest import ingest_fixtures
from apps.feed.models import Fixture, Origin
from apps.feed.quotes import Observed, record_quotes
from apps.feed.readings import FixtureReading, MarketReading, SelectionReading
from apps.picks.models import AutoPublish, Pick, Status
from apps.picks.proposing import propose
from apps.picks.services import (
    NotBegun,
    NotPublishable,
    TextRefused,
    enter_kickoff_of,
    expire_picks,
    publish_due,
    publish_pick,
    settle_pick,
)
from apps.picks.settling import NO_RESULT, settle_due
from apps.picks.standing import standing_edge
from tests.factories import PickFactory
from tests.picks.scenes import FAIR, KICKOFF, NOW, OFFER, ended, fixture, priced, proposed, quote

pytestmark = pytest.mark.django_db
AFTER = KICKOFF + timedelta(hours=2)
SECOND = timedelta(seconds=1)
CORRUPT = {"home": "1.001", "draw": "1.5", "away": "1000"}


def published(**changes: Any) -> Pick:
    return publish_pick(pick_id=proposed(**changes).pk, now=NOW)


def settled(pick: Pick, now: Any = AFTER) -> Pick:
    settle_due(now=now)
    pick.refresh_from_db()
    return pick


class TestPrices:
    def test_a_three_way_price_is_not_measured_against_a_two_way_anchor(self) -> None:
        match = fixture(sport="ice-hockey")
        quote(match, {"home": "2.05", "away": "1.80"}, book="pinnacle")
        quote(match, {"home": "2.35", "draw": "4.20", "away": "2.90"}, book="exchange")
        assert propose(now=NOW) == 0

    def test_nor_a_price_of_the_winner_where_the_anchor_has_a_draw(self) -> None:
        match = fixture()
        quote(match, FAIR, book="pinnacle")
        readings = tuple(SelectionReading(side, side, Decimal("2.12")) for side in ("home", "away"))
        market = MarketReading("exchange", "9", "Winner", "match_odds", readings)
        record_quotes([Observed(match.pk, "exchange", (market,))], now=NOW)
        assert propose(now=NOW) == 0

    def test_one_corrupt_line_stops_nobody_else(self) -> None:
        broken, good = proposed(), proposed()
        quote(broken.fixture, CORRUPT, book="pinnacle", now=NOW + SECOND)
        priced(anchor=CORRUPT)
        assert propose(now=NOW + 2 * SECOND) == 0
        assert not standing_edge(broken, NOW).stands
        AutoPublish.objects.create(
            sport="soccer", enabled=True, sandbox_only=False, min_confidence=1, min_edge_pct=2, delay_seconds=0
        )
        assert publish_due(now=NOW + 2 * SECOND) == 1
        good.refresh_from_db()
        assert good.status == Status.PUBLISHED

    def test_a_corrupt_close_gives_no_clv_and_settles_all_the_same(self) -> None:
        pick = published()
        quote(pick.fixture, CORRUPT, book="pinnacle", now=KICKOFF - SECOND)
        ended(pick.fixture, "Arsenal", (1, 0))
        assert (settled(pick).status, pick.clv) == (Status.SETTLED, None)
        assert "probability" in pick.clv_missing

    def test_what_cannot_have_an_edge_costs_nothing(self) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as queries:
                propose(now=NOW)
            return len(queries)

        few = statements()
        for _ in range(20):
            priced(offer={"home": "1.90", "draw": "3.40", "away": "3.80"})
        assert statements() <= few + 1


class TestSwitch:
    @staticmethod
    def on(**changes: Any) -> AutoPublish:
        return AutoPublish.objects.create(
            **{
                "sport": "soccer", "enabled": True, "sandbox_only": False, "min_confidence": 2, "min_edge_pct": 3,
                "delay_seconds": 0, **changes,
            }
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("offer", "size"), [("2.08", "1000"), ("2.48", "1000"), ("2.12", "49")], ids=["floor", "suspicious", "size"]
    )
    def test_looks_at_the_latest_quotes_not_at_those_of_the_proposal(self, offer: str, size: str) -> None:
        pick = proposed()
        quote(pick.fixture, {**OFFER, "home": offer}, book="bookmaker", now=NOW + SECOND, size=size)
        self.on()
        assert publish_due(now=NOW + 2 * SECOND) == 0

    def test_of_a_sport_wins_over_the_one_for_all(self) -> None:
        proposed()
        self.on(enabled=False)
        self.on(sport="*")
        assert publish_due(now=NOW) == 0
        AutoPublish.objects.filter(sport="soccer").delete()
        assert publish_due(now=NOW) == 1


class TestMerges:
    READING = FixtureReading("1", "2", "soccer", "Arsenal v Chelsea", "Arsenal", "Chelsea", kickoff_at=KICKOFF)

    def merged(self) -> tuple[Pick, Fixture]:
        """A pick of a row that has gone into another, whose prices are its own."""
        pick = proposed(internal_id="1", bfi=None)
        kept = fixture(internal_id=None, bfi="2")
        quote(kept, FAIR, book="pinnacle")
        quote(kept, {**OFFER, "home": "1.90"}, book="bookmaker")
        ingest_fixtures([self.READING], origin=Origin.LIVE, now=NOW)
        propose(now=NOW)
        pick.refresh_from_db()
        return pick, kept

    def test_a_pick_does_not_stand_on_the_quotes_of_the_row_that_is_gone(self) -> None:
        pick, kept = self.merged()
        assert pick.fixture_id == kept.pk
        with pytest.raises(NotPublishable, match=r"1\.90"):
            publish_pick(pick_id=pick.pk, now=NOW)

    def test_two_picks_whose_rows_went_into_one_do_not_stop_proposing(self) -> None:
        picks = [proposed(internal_id=str(number), bfi=None) for number in (1, 2)]
        kept = fixture(internal_id=None, bfi="9")
        Fixture.objects.filter(picks__in=picks).update(merged_into=kept)
        propose(now=NOW)
        expire_picks(now=NOW)
        assert sorted(Pick.objects.values_list("status", flat=True)) == ["admin_review", "expired"]


class TestStarts:
    def test_a_soccer_match_put_off_by_more_than_three_days_is_void_when_it_is_played(self) -> None:
        pick = published()
        new = KICKOFF + timedelta(days=9)
        reading = FixtureReading(
            pick.fixture.internal_id,
            pick.fixture.bfi,
            "soccer",
            pick.fixture.name,
            "Arsenal",
            "Chelsea",
            kickoff_at=new,
        )
        ingest_fixtures([reading], origin=Origin.LIVE, now=NOW + SECOND)
        ended(pick.fixture, "Arsenal", (1, 0))
        assert settled(pick, new + timedelta(hours=2)).result == "void"
        assert pick.settlements.get().rule == "postponed"

    def test_a_pick_without_a_start_that_no_list_shows_any_more_expires(self) -> None:
        pick = proposed(kickoff_at=None)
        assert expire_picks(now=NOW + timedelta(hours=23)) == 0
        assert expire_picks(now=NOW + timedelta(hours=25)) == 1
        pick.refresh_from_db()
        assert pick.status == Status.EXPIRED

    def test_who_entered_a_start_is_kept(self) -> None:
        ada = User.objects.create_user("ada")
        pick = enter_kickoff_of(
            pick_id=proposed(kickoff_at=None, kickoff_source="").pk, kickoff_at=KICKOFF, now=NOW, by=ada
        )
        assert (pick.kickoff_at, pick.fixture.kickoff_at) == (KICKOFF, KICKOFF)
        decision = pick.decisions.get()
        assert (decision.action, decision.by, decision.reason) == ("kickoff_entered", ada, "2026-05-25 15:00 UTC")


class TestSides:
    def test_a_pick_that_names_the_other_side_is_put_before_a_person(self) -> None:
        pick = published()
        Fixture.objects.update(home_team="Chelsea", away_team="Arsenal")
        pick.fixture.refresh_from_db()
        ended(pick.fixture, "Arsenal", (0, 1))
        assert "not those that the pick names" in settled(pick).held

    def test_a_start_that_moves_ahead_after_the_result_is_put_before_a_person(self) -> None:
        pick = published()
        ended(pick.fixture, "Arsenal", (1, 0))
        Fixture.objects.update(kickoff_at=AFTER + timedelta(hours=1))
        assert "has not begun" in settled(pick).held

    def test_one_slip_of_in_play_costs_no_pick(self) -> None:
        pick = proposed()
        Fixture.objects.update(started_at=NOW)
        assert expire_picks(now=NOW + timedelta(minutes=1)) == 0
        assert expire_picks(now=NOW + timedelta(minutes=3)) == 1
        pick.refresh_from_db()
        assert pick.status == Status.EXPIRED

    def test_a_match_put_off_after_its_pick_expired_may_make_another(self) -> None:
        pick = proposed()
        expire_picks(now=KICKOFF)
        Fixture.objects.update(kickoff_at=KICKOFF + timedelta(hours=2))
        assert propose(now=NOW) == 1
        assert propose(now=NOW) == 0
        assert Pick.objects.exclude(pk=pick.pk).get().status == Status.REVIEW

    def test_called_off_before_the_start_it_makes_no_pick(self) -> None:
        ended(priced(), "", status="cancelled")
        assert propose(now=NOW) == 0

    def test_the_close_is_found_on_the_row_that_was_merged_away(self) -> None:
        pick = published(internal_id="1", bfi=None)
        quote(pick.fixture, FAIR, book="pinnacle", now=KICKOFF - SECOND)
        kept = fixture(internal_id=None, bfi="2")
        Fixture.objects.filter(pk=pick.fixture_id).update(merged_into=kept)
        propose(now=NOW)
        ended(kept, "Arsenal", (1, 0))
        assert (settled(pick).fixture_id, pick.clv) == (kept.pk, pick.edge)


class TestSettling:
    def test_before_the_start_only_void_is_possible(self) -> None:
        pick = published()
        with pytest.raises(NotBegun, match="has not begun"):
            settle_pick(pick_id=pick.pk, result="win", now=KICKOFF - SECOND)
        assert settle_pick(pick_id=pick.pk, result="void", now=KICKOFF - SECOND).result == "void"

    @pytest.mark.parametrize("reason", ["x" * 2_001, "bell\x07", "half a letter \udcff", "nul\x00"])
    def test_a_reason_that_cannot_be_kept_is_refused(self, reason: str) -> None:
        with pytest.raises(TextRefused):
            settle_pick(pick_id=published().pk, result="win", now=AFTER, reason=reason)

    def test_by_hand_has_a_closing_price_too(self) -> None:
        pick = published()
        quote(pick.fixture, FAIR, book="pinnacle", now=KICKOFF - SECOND)
        settle_pick(pick_id=pick.pk, result="win", now=AFTER)
        pick.refresh_from_db()
        assert pick.clv == pick.edge

    def test_a_side_that_the_anchor_spells_anew_keeps_its_close(self) -> None:
        pick = published()
        readings = tuple(
            SelectionReading(f"{side} FC", side, Decimal(odds)) for side, odds in {**FAIR, "home": "1.90"}.items()
        )
        market = MarketReading("pinnacle", "1x2", "Match Odds", "match_odds", readings)
        record_quotes([Observed(pick.fixture_id, "pinnacle", (market,))], now=KICKOFF - SECOND)
        ended(pick.fixture, "Arsenal", (1, 0))
        assert settled(pick).clv is not None

    def test_what_has_no_result_long_after_the_start_is_put_before_a_person(self) -> None:
        pick = published()
        assert settled(pick, KICKOFF + timedelta(hours=11)).held == ""
        assert settled(pick, KICKOFF + timedelta(hours=13)).held == NO_RESULT
        ended(pick.fixture, "Arsenal", (1, 0), observed_at=KICKOFF + timedelta(hours=14))
        assert settled(pick, KICKOFF + timedelta(hours=15)).status == Status.SETTLED

    def test_an_imported_pick_without_a_result_too(self) -> None:
        pick = PickFactory(published=True, origin="import")
        assert settled(pick, pick.kickoff_at + timedelta(hours=13)).held == NO_RESULT

    def test_what_is_held_is_not_graded_again_every_second(self) -> None:
        picks = [published() for _ in range(5)]
        for pick in picks:
            ended(pick.fixture, "Arsenal", tagged=True)
        settle_due(now=AFTER)
        with CaptureQueriesContext(connection) as queries:
            settle_due(now=AFTER + SECOND)
        assert len(queries) <= 3
