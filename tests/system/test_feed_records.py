"""Records come spoiled, renumbered or incomplete: what is good in the same answer is taken, nothing is invented."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.devtools.demo import REPLAY_FLOORS
from apps.devtools.sandbox.invented import InventedWorld
from apps.devtools.sandbox.world import World
from apps.feed import polls, services
from apps.feed.models import Fixture, Poll, Selection
from apps.picks.models import AutoPublish, Pick, Status
from apps.picks.proposing import propose
from apps.picks.services import NotPublishable, publish_pick
from apps.picks.settling import settle_due
from tests.devtools.sandbox import HandClock
from tests.system.line import Line, far_side, listed
from tests.system.season import EDGES, MATCHES, OFFERS, home_of, kind_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis")]


@pytest.mark.parametrize("seed", range(6))
def test_of_a_spoiled_page_everything_good_is_taken(line: Line, clock: HandClock, seed: int) -> None:
    with far_side(line, InventedWorld(seed=1, catalogue=60, clock=clock)):
        good = {record["id"]: record for record in line.records("/events")}
        line.faults(malformed=0.3, seed=seed)
        spoiled = line.records("/events")
        line.faults(malformed=0.3, seed=seed)  # the dice anew: the same records are spoiled again
        polls.run("catalogue")

        whole = [r for r in spoiled if isinstance(r, dict) and good.get(r.get("id")) == r]
        known = set(Fixture.objects.values_list("internal_id", flat=True))
        assert len(good) * 0.5 < len(whole) < len(good)
        assert {str(record["id"]) for record in whole} <= known
        poll = Poll.objects.get(name="catalogue")
        assert poll.records + poll.skipped == len(spoiled)
        assert poll.skipped > 0


@pytest.mark.parametrize("seed", range(6))
def test_spoiled_answers_everywhere_crash_nothing_and_invent_no_price(line: Line, clock: HandClock, seed: int) -> None:
    with far_side(line, InventedWorld(seed=1, clock=clock)):
        line.turn()
        line.faults(malformed=0.3, seed=seed)
        for _ in range(4):
            clock.forward(20)
            line.turn()
        assert not Selection.objects.filter(back_odds__lte=1).exists()
        skipped = sum(Poll.objects.values_list("skipped", flat=True))
        assert skipped > 0
        line.mend()
        clock.forward(5)
        line.mends_by_itself()
        assert line.health() == ("ok", "every poll is well")


@pytest.mark.parametrize("seed", range(4))
def test_of_spoiled_prices_only_true_ones_are_kept(line: Line, season: World, seed: int) -> None:
    offered = {home_of(number): Decimal(OFFERS[kind_of(number)].split(",")[0]) for number in range(MATCHES)}
    edges = {home_of(number) for number in range(MATCHES) if kind_of(number) != "none"}
    with far_side(line, season):
        polls.run("catalogue")
        line.faults(malformed=0.15, seed=seed)
        services.refresh_due_odds(now=line.clock())
        line.mend()
        polls.run("anchor")
        propose(now=line.clock())

        kept = dict(Selection.objects.filter(market__book="bookmaker", side="home").values_list("name", "back_odds"))
        true = {home for home, odds in kept.items() if odds == offered[home]}
        assert all(odds is None for home, odds in kept.items() if home not in true)
        assert MATCHES / 3 <= len(true) < MATCHES
        # A market of which an outcome could not be read is not yet known to be the one that the anchor prices.
        sides = Selection.objects.filter(market__book="bookmaker").values_list("market__fixture__home_team", "side")
        whole = {home for home in true if {side for name, side in sides if name == home} == {"home", "draw", "away"}}
        assert picked() == whole & edges
        # A size that became another number is no less readable than a true one.
        shrunk = set(Selection.objects.filter(back_size__lt=50).values_list("market__fixture__home_team", flat=True))
        line.turn()  # the feed is well again: what could not be read is read once more
        assert picked() >= true & edges - shrunk
        Fixture.objects.update(odds_read_at=None)  # as after eight minutes, when all is read in full again
        line.turn()
        assert picked() == edges


def picked() -> set[str]:
    """The home sides of all picks."""
    return set(Pick.objects.values_list("fixture__home_team", flat=True))


def test_matches_that_get_other_internal_ids_stay_the_same_matches(line: Line, season: World) -> None:
    ahead = 0

    def renumbered(answer: Any) -> Any:
        """Each match under the internal id that its neighbour had before."""
        for record in listed(answer):
            if "betfair_event_id" in record:
                record["id"] += ahead
        return answer

    with far_side(line, season, renumbered):
        line.turn()
        before = dict(Pick.objects.values_list("fixture__bfi", "pk"))
        ahead = 1
        line.turn()
        line.turn()
        assert Fixture.objects.count() == MATCHES
        assert dict(Pick.objects.values_list("fixture__bfi", "pk")) == before
        assert dict(Fixture.objects.values_list("bfi", "internal_id")) == {
            str(record["betfair_event_id"]): str(record["id"]) for record in line.records("/events")
        }
        assert line.health()[0] == "ok"


def test_a_match_that_shows_the_bfi_of_another_takes_nothing_from_it(line: Line, season: World) -> None:
    slips: list[int] = []

    def slipped(answer: Any) -> Any:
        for number, record in enumerate(listed(answer)):
            if number in slips and "betfair_event_id" in record:
                record["betfair_event_id"] = record["raw"]["betfair_event_id"] = 1
        return answer

    with far_side(line, season, slipped):
        line.turn()
        before = sorted(Fixture.objects.values_list("pk", "name", "internal_id", "bfi"))
        slips = [2, 3, 4]
        polls.run("catalogue")
        assert [row[:3] for row in sorted(Fixture.objects.values_list("pk", "name", "internal_id"))] == [
            row[:3] for row in before
        ]
        slips = []
        polls.run("catalogue")
        assert sorted(Fixture.objects.values_list("pk", "name", "internal_id", "bfi")) == before


def test_without_a_start_anywhere_a_pick_waits_for_a_person(line: Line, season: World, clock: HandClock) -> None:
    def timeless(answer: Any) -> Any:
        for record in listed(answer):
            record.pop("start_time", None)
            record.pop("commence_time", None)
        return answer

    with far_side(line, season, timeless):
        AutoPublish.objects.create(sport="*", enabled=True, **REPLAY_FLOORS)
        line.turn()
        clock.forward(10)
        line.turn()
        assert not Fixture.objects.exclude(kickoff_at=None).exists()
        assert Pick.objects.filter(status=Status.REVIEW).count() == EDGES
        pick = Pick.objects.filter(suspicious=False).first()
        assert pick is not None
        with pytest.raises(NotPublishable, match=r"Enter the kick-off of .* first: the feed does not show it"):
            publish_pick(pick_id=pick.pk, now=clock())

        services.enter_kickoff(fixture_id=pick.fixture_id, kickoff_at=clock() + timedelta(minutes=5), now=clock())
        line.turn()
        pick.refresh_from_db()
        assert pick.status == Status.PUBLISHED


def test_a_spoiled_result_between_two_good_ones_leaves_no_pick_unsettled(
    line: Line, season: World, clock: HandClock
) -> None:
    spoiled = False

    def sometimes_without_winner(answer: Any) -> Any:
        for record in listed(answer):
            if spoiled:
                record.pop("winner", None)
        return answer

    with far_side(line, season, sometimes_without_winner):
        AutoPublish.objects.create(sport="*", enabled=True, **REPLAY_FLOORS)
        line.turn()
        clock.forward(10)
        line.turn()
        out = Pick.objects.filter(status=Status.PUBLISHED).count()
        assert out == sum(kind_of(number) == "edge" for number in range(MATCHES))
        clock.forward(400)
        polls.run("results")
        clock.forward(1)
        spoiled = True
        polls.run("results")
        clock.forward(1)
        spoiled = False
        polls.run("results")
        settle_due(now=clock())
        assert Pick.objects.filter(status=Status.SETTLED).count() == out
