"""Results settle picks once, with their closing price and the record in step; corrections move the difference."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import stdev
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.core.errors import AppError
from apps.feed.models import Fixture
from apps.outbox.models import OutboxEvent
from apps.picks.engine.margin import power
from apps.picks.models import DailyRecord, MoveNotAllowed, Pick, Settlement, Status
from apps.picks.rollup import differences, rebuild
from apps.picks.services import ReasonMissing, publish_pick, settle_pick
from apps.picks.settling import settle_due
from apps.picks.track import track_record
from tests.factories import PickFactory
from tests.picks.scenes import FAIR, KICKOFF, NOW, ended, proposed, quote
from tests.together import at_once

pytestmark = pytest.mark.django_db
AFTER = KICKOFF + timedelta(hours=2)


def published(**changes: Any) -> Pick:
    return publish_pick(pick_id=proposed(**changes).pk, now=NOW)


def settled(pick: Pick) -> Pick:
    settle_due(now=AFTER)
    pick.refresh_from_db()
    return pick


def test_a_result_settles_with_profit_event_and_record() -> None:
    pick = published()
    ended(pick.fixture, "Arsenal", (2, 1))
    settled(pick)
    assert (pick.status, pick.result, pick.profit, pick.settled_at) == ("settled", "win", Decimal("1.1200"), AFTER)
    settlement = pick.settlements.get()
    assert (settlement.number, settlement.rule, settlement.evidence["score"]) == (1, "score", "2-1")
    event = json.loads(OutboxEvent.objects.get(type="pick.settled").body)
    assert (event["data"]["result"], event["data"]["status"]) == ("win", "settled")
    assert "correction" not in event["data"]
    assert differences() == []


def test_running_twice_settles_once() -> None:
    pick = published()
    ended(pick.fixture, "Chelsea", (0, 1))
    assert settle_due(now=AFTER) == 1
    assert settle_due(now=AFTER) == 0
    assert Settlement.objects.count() == 1
    assert OutboxEvent.objects.filter(type="pick.settled").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_settle_once() -> None:
    picks = [published() for _ in range(5)]
    for pick in picks:
        ended(pick.fixture, "Arsenal", (1, 0))
    at_once(*[lambda: settle_due(now=AFTER)] * 2)
    assert Settlement.objects.count() == 5
    assert OutboxEvent.objects.filter(type="pick.settled").count() == 5
    assert DailyRecord.objects.get().settled == 5
    assert differences() == []


def test_what_is_not_certain_waits_with_its_reason_and_settles_when_it_becomes_so() -> None:
    pick = published()
    ended(pick.fixture, "Arsenal", tagged=True)
    assert "guesses" in settled(pick).held
    ended(pick.fixture, "Arsenal", (2, 0), observed_at=AFTER + timedelta(seconds=1))
    settle_due(now=AFTER + timedelta(seconds=2))
    pick.refresh_from_db()
    assert (pick.status, pick.held) == (Status.SETTLED, "")


def test_a_void_pays_nothing_and_is_in_no_figure() -> None:
    pick = published()
    ended(pick.fixture, "", status="abandoned")
    assert (settled(pick).result, pick.profit) == ("void", 0)
    assert track_record(sport=None, days_back=365, now=AFTER)["overall"]["total_settled"] == 0
    assert differences() == []


def test_a_pick_on_a_row_that_was_merged_away_settles_from_the_row_that_is_left() -> None:
    pick = published()
    left = proposed().fixture
    Fixture.objects.filter(pk=pick.fixture_id).update(merged_into=left)
    ended(left, "Arsenal", (1, 0))
    assert settled(pick).status == Status.SETTLED


def test_one_pick_that_cannot_be_settled_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = published(), published()
    for pick in (bad, good):
        ended(pick.fixture, "Arsenal", (1, 0))
    real = settle_pick

    def broken(**how: Any) -> Any:
        if how["pick_id"] == bad.pk:
            raise ZeroDivisionError
        return real(**how)

    monkeypatch.setattr("apps.picks.settling.settle_pick", broken)
    assert settle_due(now=AFTER) == 1


class TestClosingLine:
    """The anchor's last quotes before the start."""

    @staticmethod
    def closed(pick: Pick) -> Pick:
        ended(pick.fixture, "Arsenal", (1, 0))
        return settled(pick)

    def test_gives_clv_by_the_picks_own_method(self) -> None:
        pick = published()
        close = {"home": "1.90", "draw": "3.70", "away": "4.30"}
        quote(pick.fixture, close, book="pinnacle", now=KICKOFF - timedelta(minutes=1))
        self.closed(pick)
        fair = power([1.90, 3.70, 4.30])[0]
        assert float(pick.clv or 0) == pytest.approx(2.12 * fair - 1, abs=1e-8)
        assert pick.closing_fair_odds == round(Decimal(1 / fair), 5)

    @pytest.mark.parametrize(
        ("prices", "minutes", "how", "reason"),
        [
            ({}, 1, {}, "withdrawn"),
            ({"home": "1.9", "away": "4.0"}, 1, {}, "withdrawn"),
            (FAIR, 1, {"in_play": True}, "in play"),
            (FAIR, 1, {"fresh": False}, "not live"),
        ],
    )
    def test_is_null_with_its_reason(
        self, prices: dict[str, str], minutes: int, how: dict[str, bool], reason: str
    ) -> None:
        pick = published()
        quote(pick.fixture, prices, book="pinnacle", now=KICKOFF - timedelta(minutes=minutes), **how)
        self.closed(pick)
        assert pick.clv is None
        assert reason in pick.clv_missing

    def test_is_null_where_the_last_confirmation_is_over_ten_minutes_old(self) -> None:
        old, young = published(), published()
        quote(old.fixture, FAIR, book="pinnacle", now=KICKOFF - timedelta(minutes=10, seconds=1))
        quote(young.fixture, FAIR, book="pinnacle", now=KICKOFF - timedelta(minutes=10))
        assert self.closed(old).clv_missing == "the anchor's last quote was over ten minutes old"
        assert self.closed(young).clv is not None


class TestCorrections:
    """A wrong settlement is corrected by a further one."""

    def test_moves_the_record_by_the_difference_and_tells_it(self) -> None:
        pick = published()
        ended(pick.fixture, "Arsenal", (1, 0))
        settled(pick)
        first_settled = pick.settled_at
        assert DailyRecord.objects.get().profit_squares == Decimal("1.12") ** 2
        settle_pick(pick_id=pick.pk, result="loss", now=AFTER + timedelta(days=2), reason="The goal was annulled.")
        pick.refresh_from_db()
        assert (pick.result, pick.profit, pick.settled_at) == ("loss", -1, first_settled)
        assert list(pick.settlements.values_list("number", "result")) == [(1, "win"), (2, "loss")]
        event = json.loads(OutboxEvent.objects.last().body)  # type: ignore[union-attr]
        assert event["data"]["correction"] is True
        assert DailyRecord.objects.get().profit_squares == 1
        assert differences() == []

    def test_to_void_and_back_leaves_the_record_as_it_was(self) -> None:
        pick = published()
        ended(pick.fixture, "Arsenal", (1, 0))
        settled(pick)
        before = list(DailyRecord.objects.values())
        for result in ("void", "win"):
            settle_pick(pick_id=pick.pk, result=result, now=AFTER, reason="Trying.")
        assert list(DailyRecord.objects.values()) == before

    def test_needs_a_reason_and_the_same_result_changes_nothing(self) -> None:
        pick = published()
        first = settle_pick(pick_id=pick.pk, result="win", now=AFTER)
        assert settle_pick(pick_id=pick.pk, result="win", now=AFTER) == first
        with pytest.raises(ReasonMissing):
            settle_pick(pick_id=pick.pk, result="loss", now=AFTER)

    def test_a_pick_in_review_or_a_word_that_is_no_result_is_refused(self) -> None:
        with pytest.raises(MoveNotAllowed):
            settle_pick(pick_id=proposed().pk, result="win", now=AFTER)
        with pytest.raises(AppError, match="no result"):
            settle_pick(pick_id=published().pk, result="won", now=AFTER)


class TestTrackRecord:
    """GET /track-record's figures against plain arithmetic on the raw picks."""

    NOW = datetime(2026, 6, 30, 15, 30, tzinfo=UTC)

    def history(self, count: int) -> list[Pick]:
        chance = random.Random(7)
        picks = []
        for _ in range(count):
            pick = PickFactory(
                published=True,
                sport=chance.choice(["soccer", "tennis"]),
                odds=Decimal(chance.randint(1300, 5000)) / 1000,
                edge=Decimal(chance.randint(2_000_000, 15_000_000)) / 10**8,
                clv=chance.choice([None, Decimal(chance.randint(-9_999_999, 9_999_999)) / 10**8]),
            )
            result = chance.choice(["win", "half_win", "push", "half_loss", "loss", "void"])
            at = self.NOW - timedelta(days=chance.randint(0, 33), seconds=chance.randint(0, 86_399))
            settle_pick(pick_id=pick.pk, result=result, now=at)
            pick.refresh_from_db()
            picks.append(pick)
        return picks

    @pytest.mark.parametrize("days_back", [1, 7, 30, 365])
    @pytest.mark.parametrize("sport", [None, "Tennis"])
    def test_equals_the_raw_picks(self, days_back: int, sport: str | None) -> None:
        cutoff = self.NOW - timedelta(days=days_back)
        counted = [
            pick
            for pick in self.history(60)
            if pick.result != "void" and pick.settled_at and pick.settled_at >= cutoff
            and (sport is None or pick.sport == sport.lower())
        ]  # fmt: skip
        told = track_record(sport=sport, days_back=days_back, now=self.NOW)
        bets = [pick for pick in counted if pick.result != "push"]
        profits = [pick.profit or Decimal(0) for pick in counted]
        clvs = [pick.clv for pick in counted if pick.clv is not None]

        def mean(values: list[Decimal]) -> float | None:
            return float(round(100 * sum(values, Decimal(0)) / len(values), 2)) if values else None

        def error(values: list[Decimal]) -> float | None:
            return float(round(100 * stdev(values) / Decimal(len(values)).sqrt(), 2)) if len(values) > 1 else None

        wins = [Decimal(pick.result in ("win", "half_win")) for pick in bets]
        assert told["overall"] == {
            "roi_pct": mean(profits),
            "win_rate": mean(wins),
            "total_settled": len(counted),
            "clv_avg_pct": mean(clvs),
            "edge_avg_pct": mean([pick.edge for pick in counted]),
            "roi_se_pct": error(profits),
            "clv_se_pct": error(clvs),
            "clv_count": len(clvs),
            "beat_close_pct": mean([Decimal(clv > 0) for clv in clvs]),
        }
        assert sum(row["total_settled"] for row in told["per_sport"]) == len(counted)
        days = [row["date"] for row in told["series"]]
        assert days == sorted({pick.settled_at.date().isoformat() for pick in counted if pick.settled_at})
        if counted:
            assert told["series"][-1]["cumulative_pnl_pct"] == float(round(sum(profits), 2))

    def test_with_nothing_settled(self) -> None:
        assert track_record(sport="soccer", days_back=30, now=self.NOW) == {
            "overall": {
                "roi_pct": None, "win_rate": None, "total_settled": 0, "clv_avg_pct": None, "edge_avg_pct": None,
                "roi_se_pct": None, "clv_se_pct": None, "clv_count": 0, "beat_close_pct": None,
            },
            "per_sport": [],
            "series": [],
        }  # fmt: skip

    def test_the_window_begins_at_the_very_second(self) -> None:
        for seconds in (0, 1):
            pick = PickFactory(published=True)
            settle_pick(pick_id=pick.pk, result="win", now=self.NOW - timedelta(days=30, seconds=seconds))
        assert track_record(sport=None, days_back=30, now=self.NOW)["overall"]["total_settled"] == 1

    def test_the_record_is_proved_and_rebuilt(self) -> None:
        self.history(20)
        call_command("rebuild_record", "--check")
        for column in ("profit", "profit_squares", "clv_beats", "clv_squares"):
            DailyRecord.objects.filter(day__gte=date(2026, 1, 1)).update(**{column: 5})
            with pytest.raises(CommandError, match="differ"):
                call_command("rebuild_record", "--check")
            assert rebuild() > 0
            assert differences() == []
