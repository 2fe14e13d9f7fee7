"""Decisions about picks: publish, reject, edit, expire, and what two people at once or a crash cannot do."""

import json
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from apps.core.errors import AppError
from apps.feed.models import Fixture
from apps.feed.services import enter_kickoff
from apps.outbox.models import OutboxEvent
from apps.outbox.services import emit
from apps.picks.models import MOVES, OUT, AutoPublish, MoveNotAllowed, Pick, Status
from apps.picks.proposing import propose
from apps.picks.services import (
    NotPublishable,
    ReasonMissing,
    edit_analysis,
    expire_picks,
    publish_due,
    publish_pick,
    reject_pick,
)
from apps.picks.standing import standing_edge
from tests.factories import PickFactory
from tests.picks.scenes import KICKOFF, NOW, OFFER, proposed, quote
from tests.together import at_once

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada")


def test_publishing_freezes_the_pick_and_writes_one_event_with_its_public_shape(ada: User) -> None:
    pick = publish_pick(pick_id=proposed().pk, now=LATER, by=ada)
    assert (pick.status, pick.published_at) == (Status.PUBLISHED, LATER)
    event = OutboxEvent.objects.get()
    body = json.loads(event.body)
    assert (event.type, event.subject_id, body["event"], body["id"]) == (
        "pick.published", pick.pk, "pick.published", str(event.id),
    )  # fmt: skip
    assert body["data"]["pick"] == "Arsenal -0.5 Asian Handicap"
    assert body["created_at"] == "2026-05-25T12:01:00Z"
    assert [(decision.action, decision.by) for decision in pick.decisions.all()] == [("approved", ada)]


def test_a_pick_is_published_once(ada: User) -> None:
    pick = proposed()
    publish_pick(pick_id=pick.pk, now=LATER, by=ada)
    with pytest.raises(MoveNotAllowed, match="approved by ada at 12:01:00 UTC"):
        publish_pick(pick_id=pick.pk, now=LATER)
    assert OutboxEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_publishes_and_the_other_is_told() -> None:
    pick = proposed()
    people = [User.objects.create_user(name) for name in ("ada", "bob")]
    outcomes = at_once(*[partial(publish_pick, pick_id=pick.pk, now=LATER, by=by) for by in people])
    told = [str(outcome) for outcome in outcomes if isinstance(outcome, MoveNotAllowed)]
    (winner,) = pick.decisions.select_related("by")
    assert told == [f"{pick.selection} is no longer in review: it was approved by {winner.by} at 12:01:00 UTC."]
    assert OutboxEvent.objects.count() == 1


def test_a_pick_without_a_kick_off_says_so_and_goes_out_once_it_is_entered() -> None:
    pick = proposed(kickoff_at=None, kickoff_source="")
    with pytest.raises(NotPublishable, match="Enter the kick-off"):
        publish_pick(pick_id=pick.pk, now=LATER)
    enter_kickoff(fixture_id=pick.fixture_id, kickoff_at=KICKOFF, now=LATER)
    assert publish_pick(pick_id=pick.pk, now=LATER).kickoff_at == KICKOFF


def test_a_kick_off_that_the_feed_shows_is_not_entered_by_hand() -> None:
    with pytest.raises(AppError, match="feed itself"):
        enter_kickoff(fixture_id=proposed().fixture_id, kickoff_at=KICKOFF, now=LATER)


@pytest.mark.parametrize("begun", [{"kickoff_at": LATER}, {"started_at": LATER}])
def test_a_match_that_began_is_not_published(begun: dict[str, Any]) -> None:
    pick = proposed()
    Fixture.objects.update(**begun)
    with pytest.raises(NotPublishable, match="began"):
        publish_pick(pick_id=pick.pk, now=LATER)


def test_a_pick_without_a_text_is_not_published() -> None:
    pick = proposed()
    Pick.objects.update(analysis=" ")
    with pytest.raises(NotPublishable, match="no analysis"):
        publish_pick(pick_id=pick.pk, now=LATER)


def test_an_edge_that_still_stands_goes_out_at_the_latest_price() -> None:
    pick = proposed()
    quote(pick.fixture, {**OFFER, "home": "2.10"}, book="bookmaker", now=LATER)
    published = publish_pick(pick_id=pick.pk, now=LATER)
    assert published.odds == Decimal("2.100")
    assert "2.10 is offered" in published.analysis


@pytest.mark.parametrize("now_offered", [{**OFFER, "home": "2.03"}, {}])
def test_an_edge_that_is_gone_needs_a_reason_and_then_goes_out_as_reviewed(now_offered: dict[str, str]) -> None:
    pick = proposed()
    quote(pick.fixture, now_offered, book="bookmaker", now=LATER)
    with pytest.raises(NotPublishable, match="Give a reason"):
        publish_pick(pick_id=pick.pk, now=LATER)
    published = publish_pick(pick_id=pick.pk, now=LATER, reason="Still to be had elsewhere.")
    assert published.odds == Decimal("2.120")
    assert published.decisions.get().reason == "Still to be had elsewhere."


def test_no_newer_quote_means_that_the_edge_stands_however_late() -> None:
    assert standing_edge(proposed(), NOW + timedelta(hours=2)).stands


def test_an_edited_text_that_names_another_price_needs_a_reason() -> None:
    pick = proposed()
    edit_analysis(pick_id=pick.pk, now=NOW, by=None, text="At 2.12 this is a bargain.")
    assert publish_ok(pick) is None
    quote(pick.fixture, {**OFFER, "home": "2.10"}, book="bookmaker", now=LATER)
    pick.refresh_from_db()
    standing = standing_edge(pick, LATER)
    assert not standing.stands
    assert "edited text speaks of 2.12" in standing.sentence


def publish_ok(pick: Pick) -> str | None:
    """None where the pick could be published now; nothing is."""
    pick.refresh_from_db()
    standing = standing_edge(pick, NOW)
    return None if standing.stands else standing.sentence


def test_rejecting_needs_a_reason_and_keeps_it(ada: User) -> None:
    pick = proposed()
    with pytest.raises(ReasonMissing):
        reject_pick(pick_id=pick.pk, now=LATER, by=ada, reason="  ")
    rejected = reject_pick(pick_id=pick.pk, now=LATER, by=ada, reason="Injury news.")
    assert (rejected.status, rejected.decisions.get().reason) == (Status.REJECTED, "Injury news.")
    assert not OutboxEvent.objects.exists()


def test_only_a_pick_in_review_can_be_edited() -> None:
    pick = publish_pick(pick_id=proposed().pk, now=LATER)
    with pytest.raises(MoveNotAllowed):
        edit_analysis(pick_id=pick.pk, now=LATER, by=None, text="Better.")


def test_what_nobody_decided_on_expires_at_kick_off() -> None:
    pick = proposed()
    assert expire_picks(now=KICKOFF - timedelta(seconds=1)) == 0
    assert expire_picks(now=KICKOFF) == 1
    assert expire_picks(now=KICKOFF) == 0
    pick.refresh_from_db()
    assert (pick.status, pick.decisions.get().action) == (Status.EXPIRED, "expired")


@pytest.mark.parametrize("old", list(Status))
@pytest.mark.parametrize("new", list(Status))
def test_the_database_allows_the_moves_of_the_table_and_no_other(old: Status, new: Status) -> None:
    pick = PickFactory(published=old in OUT, settled=old == Status.SETTLED)
    Pick.objects.filter(pk=pick.pk, status=Status.REVIEW).update(status=old)
    settled = new == Status.SETTLED
    change = {
        "status": new,
        "published_at": pick.published_at or (NOW if new in OUT else None),
        "settled_at": NOW if settled else None,
        "result": "win" if settled else None,
        "profit": 1 if settled else None,
    }
    allowed = old == new or new in MOVES.get(old, ())
    try:
        with transaction.atomic():
            Pick.objects.filter(pk=pick.pk).update(**change)
        done = True
    except IntegrityError:
        done = False
    assert done == allowed


@pytest.mark.parametrize("change", [{"odds": 3}, {"edge": 0}, {"anchor": "x"}, {"evidence": {}}, {"line": 1}])
def test_what_publishing_froze_the_database_keeps(change: dict[str, Any]) -> None:
    pick = publish_pick(pick_id=proposed().pk, now=LATER)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Pick.objects.filter(pk=pick.pk).update(**change)


@pytest.mark.parametrize(
    "nonsense",
    [{"odds": 1}, {"fair_probability": 1.0}, {"confidence": 6}, {"status": "gone"}, {"result": "win"}],
)
def test_the_database_refuses_nonsense(nonsense: dict[str, Any]) -> None:
    pick = PickFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Pick.objects.filter(pk=pick.pk).update(**nonsense)


def test_an_event_that_was_written_cannot_be_changed_or_told_twice() -> None:
    pick = publish_pick(pick_id=proposed().pk, now=LATER)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        OutboxEvent.objects.update(body="{}")
    with pytest.raises(IntegrityError), transaction.atomic():
        emit("pick.published", key=f"pick.published:{pick.pk}", subject_id=pick.pk, payload={}, at=NOW)


def test_a_rolled_back_event_leaves_no_gap() -> None:
    first = proposed()
    with transaction.atomic():
        publish_pick(pick_id=first.pk, now=LATER)
        transaction.set_rollback(True)
    publish_pick(pick_id=first.pk, now=LATER)
    publish_pick(pick_id=proposed().pk, now=LATER)
    sequences = list(OutboxEvent.objects.values_list("sequence", flat=True))
    assert sequences == list(range(sequences[0], sequences[0] + 2))


class TestTheSwitch:
    """Automatic publishing."""

    @staticmethod
    def switched(**changes: Any) -> int:
        AutoPublish.objects.create(
            **{"sport": "soccer", "enabled": True, "sandbox_only": False, "min_confidence": 1, **changes}
        )
        return publish_due(now=NOW + timedelta(seconds=8))

    def test_is_off_without_a_row(self) -> None:
        proposed()
        assert publish_due(now=LATER) == 0

    def test_publishes_what_is_above_its_floors_after_its_delay(self) -> None:
        pick = proposed()
        assert self.switched() == 1
        assert pick.decisions.get().by is None

    @pytest.mark.parametrize(
        "switch",
        [
            {"enabled": False}, {"sport": "tennis"}, {"min_edge_pct": 5}, {"min_confidence": 5},
            {"delay_seconds": 9}, {"sandbox_only": True},
        ],
    )  # fmt: skip
    def test_leaves_alone_what_is_below_too_young_or_not_its_own(self, switch: dict[str, Any]) -> None:
        proposed()
        assert self.switched(**switch) == 0

    def test_never_publishes_a_suspicious_pick(self) -> None:
        assert proposed(offer={"home": "2.45"}).suspicious
        assert self.switched(min_edge_pct=0) == 0

    def test_publishes_no_edge_that_is_gone(self) -> None:
        pick = proposed()
        quote(pick.fixture, {}, book="bookmaker", now=NOW + timedelta(seconds=1))
        assert self.switched() == 0
        assert propose(now=NOW) == 0
