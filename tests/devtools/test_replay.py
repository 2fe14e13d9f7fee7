"""The account of a season: every match has a pick that ended well, or a reason why not."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.devtools.replay import account
from apps.picks.models import Pick
from apps.picks.services import expire_picks, publish_pick
from apps.picks.settling import settle_due
from tests.picks.scenes import FAIR, KICKOFF, NOW, OFFER, ended, fixture, priced, proposed, quote


@pytest.mark.django_db
def test_every_match_is_explained_by_its_pick_or_by_its_prices() -> None:
    settled = publish_pick(pick_id=proposed().pk, now=NOW)
    ended(settled.fixture, "Arsenal", (1, 0))
    held = publish_pick(pick_id=proposed().pk, now=NOW)
    ended(held.fixture, "Arsenal", tagged=True)
    proposed(offer={"home": "2.45"})
    priced(offer={"home": "1.90"})
    priced(anchor={"home": "2.00", "away": "4.00"})
    quote(fixture(), FAIR, book="pinnacle")
    settle_due(now=KICKOFF + timedelta(hours=2))
    expire_picks(now=KICKOFF)
    told = account()
    assert told.unexplained == []
    assert {reason.split(":")[-1].strip(): count for reason, count in told.by_reason.items()} == {
        "pick settled": 1,
        "Arsenal (favourite).": 1,
        "an edge above 15 % is left to reviewers": 1,
        "no edge of 2 % or more within the guards": 1,
        "Pinnacle did not price every outcome": 1,
        "nobody offered a price": 1,
    }


@pytest.mark.django_db
def test_an_edge_that_made_no_pick_and_a_pick_that_went_nowhere_are_called_unexplained() -> None:
    missed = priced()
    lost = proposed()
    Pick.objects.filter(fixture=missed).delete()
    expire_picks(now=KICKOFF)
    told = account()
    assert len(told.unexplained) == 2
    assert f"{lost.fixture}: UNEXPLAINED: its pick ended expired" in told.unexplained


@pytest.mark.django_db
def test_the_first_price_counts_not_the_closing_one() -> None:
    match = priced(offer={"home": "1.90"})
    quote(match, OFFER, book="bookmaker", now=NOW + timedelta(minutes=1))
    assert account().unexplained == []


def test_what_cannot_be_replayed_is_said_before_anything_starts(tmp_path: Path) -> None:
    empty = tmp_path / "season.csv"
    empty.write_text("Div,Date\n")
    with pytest.raises(CommandError, match="no finished match"):
        call_command("replay", str(empty))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("replay", str(tmp_path / "nowhere.csv"))
    with pytest.raises(CommandError, match="--minutes"):
        call_command("replay", str(empty), "--minutes", "1")
