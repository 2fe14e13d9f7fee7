"""Pinnacle's rows find their fixtures by both names and the time, or are left for people."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.feed.anchors.ingest import ingest_anchor
from apps.feed.anchors.pinnacle import AnchorReading, AnchorSport, read_event
from apps.feed.models import AnchorRow, Fixture, Selection, TeamAlias
from apps.feed.services import NotJoinable, joinable_fixtures, make_alias
from tests.factories import FixtureFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 25, 12, tzinfo=UTC)
KICKOFF = NOW + timedelta(hours=5)
EPL = AnchorSport("soccer_epl", "soccer", "EPL")


def event(
    home: str = "Arsenal", away: str = "Chelsea", commence: datetime | None = KICKOFF, **changes: Any
) -> AnchorReading:
    record = {
        "id": f"{home}-{away}",
        "home_team": home,
        "away_team": away,
        "commence_time": commence.isoformat() if commence else None,
        "bookmakers": [
            {"key": "betfair_ex_eu", "markets": [{"key": "h2h", "outcomes": [{"name": home, "price": 99}]}]},
            {
                "key": "pinnacle",
                "markets": [
                    {
                        "key": "h2h",
                        "outcomes": [
                            {"name": home, "price": 1.95}, {"name": away, "price": 4.1}, {"name": "Draw", "price": 3.6},
                        ],
                    }
                ],
            },
        ],
    }  # fmt: skip
    return read_event({**record, **changes}, EPL)


def take(*readings: AnchorReading, now: datetime = NOW, unread: tuple[str, ...] = ()) -> int:
    return ingest_anchor(readings, sport="soccer", feed=EPL.key, unread=unread, now=now)


def fixture(home: str = "Arsenal", away: str = "Chelsea", kickoff: datetime | None = KICKOFF, **more: Any) -> Fixture:
    return FixtureFactory(
        home_team=home, away_team=away, kickoff_at=kickoff, kickoff_source="feed" if kickoff else "",
        first_seen_at=NOW, last_seen_at=NOW, **more,
    )  # fmt: skip


def lines() -> dict[str, Decimal | None]:
    return {row.side: row.back_odds for row in Selection.objects.filter(market__book="pinnacle")}


@pytest.mark.parametrize(("home", "away"), [("Arsenal FC", "CHELSEA"), ("Arsénal", "Chelsea F.C.")])
def test_spellings_join_and_their_lines_become_quotes(home: str, away: str) -> None:
    mine = fixture()
    assert take(event(home, away)) == 1
    assert AnchorRow.objects.get().fixture == mine
    assert lines() == {"home": Decimal("1.950"), "away": Decimal("4.100"), "draw": Decimal("3.600")}


def test_sides_named_the_other_way_round_are_turned() -> None:
    fixture("Chelsea", "Arsenal")
    assert take(event()) == 1
    assert lines() == {"away": Decimal("1.950"), "home": Decimal("4.100"), "draw": Decimal("3.600")}


@pytest.mark.parametrize(
    "other",
    [
        {"home": "Arsenal", "away": "Spurs"},  # one name alone never joins
        {"kickoff": KICKOFF + timedelta(hours=3, seconds=1)},
        {"sport": "rugby"},
    ],
)
def test_one_name_another_day_or_another_sport_does_not_join(other: dict[str, Any]) -> None:
    fixture(**other)
    assert take(event()) == 0
    assert AnchorRow.objects.get().fixture is None


def test_of_two_matches_of_the_same_sides_the_nearer_in_time_is_taken() -> None:
    fixture(kickoff=KICKOFF + timedelta(hours=2))
    near = fixture(kickoff=KICKOFF + timedelta(minutes=5))
    take(event())
    assert AnchorRow.objects.get().fixture == near


def test_a_fixture_without_a_start_takes_the_anchors_and_keeps_the_change() -> None:
    mine = fixture(kickoff=None)
    take(event())
    mine.refresh_from_db()
    assert (mine.kickoff_at, mine.kickoff_source) == (KICKOFF, "anchor")
    assert [change.new for change in mine.kickoff_changes.all()] == [KICKOFF]


def test_a_row_whose_time_moves_away_from_its_fixture_is_parted() -> None:
    fixture()
    take(event())
    take(event(commence=KICKOFF + timedelta(days=2)))
    assert AnchorRow.objects.get().fixture is None


def test_a_row_gone_from_the_list_closes_its_line_but_an_unreadable_one_does_not() -> None:
    fixture()
    take(event())
    take(unread=("Arsenal-Chelsea",), now=NOW + timedelta(seconds=5))
    assert Selection.objects.filter(is_open=True).count() == 3
    take(now=NOW + timedelta(seconds=9))
    assert Selection.objects.filter(is_open=True).count() == 0


def test_a_price_that_is_none_leaves_the_side_without_one() -> None:
    fixture()
    bad = event(bookmakers=[{"key": "pinnacle", "markets": [{"key": "h2h", "outcomes": [
        {"name": "Arsenal", "price": 1.0}, {"name": "Chelsea", "price": "4.1"}, {"name": "Who", "price": 2}, None,
    ]}]}])  # fmt: skip
    take(bad)
    assert lines() == {"home": None, "away": Decimal("4.100")}


def test_one_click_joins_a_stranger_and_the_next_row_of_that_spelling_joins_by_itself() -> None:
    mine = fixture("Wolverhampton Wanderers", "Chelsea")
    take(event("Wolves", "Chelsea"))
    row = AnchorRow.objects.get()
    assert joinable_fixtures(row) == [mine]
    make_alias(row_id=row.pk, fixture_id=mine.pk, now=NOW)
    assert (TeamAlias.objects.get().name, TeamAlias.objects.get().same_as) == ("wolves", "wolverhampton wanderers")
    next_one = fixture("Everton", "Wolverhampton Wanderers", KICKOFF + timedelta(days=7))
    take(event("Everton", "Wolves", KICKOFF + timedelta(days=7)))
    assert AnchorRow.objects.get(home_team="Everton").fixture == next_one


def test_two_strangers_cannot_be_made_one() -> None:
    mine = fixture("Everton", "Spurs")
    take(event())
    with pytest.raises(NotJoinable):
        make_alias(row_id=AnchorRow.objects.get().pk, fixture_id=mine.pk, now=NOW)
