"""publish_pick and settle_pick do what the admin's buttons do, and say what they did."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.outbox.models import OutboxEvent
from apps.picks.models import Decision, Pick, Settlement, Status
from tests.factories import PickFactory

pytestmark = pytest.mark.django_db


def said(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()


def refused(*command: str) -> CommandError:
    with pytest.raises(CommandError) as error:
        call_command(*command)
    return error.value


def test_a_pick_in_review_is_published_and_announced():
    pick = PickFactory(kickoff_at=timezone.now() + timedelta(hours=3))
    assert said("publish_pick", str(pick.pk), "--reason", "By phone") == (
        "Published Arsenal -0.5 Asian Handicap @ 1.91, Arsenal v Chelsea."
    )
    assert Pick.objects.get().status == Status.PUBLISHED
    assert OutboxEvent.objects.get().type == "pick.published"
    assert Decision.objects.get().reason == "By phone"


def test_why_a_pick_cannot_be_published_is_a_sentence():
    pick = PickFactory(kickoff_at=None)
    error = refused("publish_pick", str(pick.pk))
    assert "Enter the kick-off of Arsenal v Chelsea first" in str(error)
    assert error.returncode == 1


def test_a_published_pick_is_settled():
    pick = PickFactory(published=True)
    assert said("settle_pick", str(pick.pk), "--result", "half_win") == (
        "Arsenal -0.5 Asian Handicap @ 1.91, Arsenal v Chelsea: half_win, +0.455 units."
    )
    assert OutboxEvent.objects.get().type == "pick.settled"


def test_a_wrong_settlement_is_corrected_with_a_reason():
    pick = PickFactory(published=True)
    said("settle_pick", str(pick.pk), "--result", "win")
    assert "say why" in str(refused("settle_pick", str(pick.pk), "--result", "loss"))
    said("settle_pick", str(pick.pk), "--result", "loss", "--reason", "Wrong match")
    assert list(Settlement.objects.values_list("result", flat=True)) == ["win", "loss"]


@pytest.mark.parametrize("command", [["publish_pick"], ["settle_pick", "--result", "win"]])
@pytest.mark.parametrize("pick_id", ["658daa21-10e0-4afc-9d1c-e133d253ec97", "nonsense", ""])
def test_an_id_that_nobody_has_is_a_sentence_and_exit_code_2(command, pick_id):
    name, *options = command
    error = refused(name, pick_id, *options)
    assert error.returncode == 2
    assert str(error).endswith(".")


def test_a_result_that_there_is_not_is_a_sentence_and_exit_code_2():
    error = refused("settle_pick", str(PickFactory(published=True).pk), "--result", "won")
    assert error.returncode == 2
    assert str(error) == "'won' is no result; known are win, half_win, push, half_loss, loss, void."
