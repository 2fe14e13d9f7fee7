"""The review queue: what waits is listed with what a reviewer weighs, and many picks are decided at once."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apps.outbox.models import OutboxEvent
from apps.picks.models import Decision, Pick, Settlement, Status
from tests.factories import FixtureFactory, PickFactory

pytestmark = pytest.mark.django_db
QUEUE = "/admin/picks/pick/"


@pytest.fixture
def reviewer(db):
    return User.objects.create_superuser("ann", password="review")


@pytest.fixture
def browser(reviewer):
    client = Client()
    client.force_login(reviewer)
    return client


def waiting(**fields):
    return PickFactory(kickoff_at=timezone.now() + timedelta(hours=3), **fields)


def text(response) -> str:
    """What the page says, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def decide(browser, action, picks, **answers):
    chosen = {"action": action, "_selected_action": [str(pick.pk) for pick in picks], **answers}
    return browser.post(QUEUE, chosen, follow=True)


def test_the_queue_shows_what_waits_and_what_a_reviewer_weighs(browser):
    waiting(suspicious=True)
    PickFactory(published=True, selection="Everton to win")
    page = text(browser.get(QUEUE))
    for shown in (
        "Arsenal -0.5 Asian Handicap", "Arsenal v Chelsea", "Premier League", "soccer", "in 2 hours", "1.91", "1.833",
        "+4.20 %", "stands", "3 of 5", "suspicious", "pinnacle", "40 s old", "Live feed",
    ):  # fmt: skip
        assert shown in page
    assert "Everton to win" not in page


@pytest.mark.parametrize(
    ("queue", "told"),
    [("review", "Candidates come in"), ("settlement", "rules cannot tell"), ("all", "Nothing here yet")],
)
def test_an_empty_list_says_what_its_emptiness_means(browser, queue, told):
    assert told in text(browser.get(QUEUE, {"queue": queue}))


def test_an_unknown_kickoff_is_said(browser):
    PickFactory(kickoff_at=None)
    assert "unknown – enter it" in text(browser.get(QUEUE))


def test_what_begins_first_is_read_first(browser):
    late = PickFactory(kickoff_at=timezone.now() + timedelta(hours=9), selection="Late")
    early = PickFactory(kickoff_at=timezone.now() + timedelta(hours=1), selection="Early")
    assert list(browser.get(QUEUE).context["cl"].result_list) == [early, late]


def test_the_settlement_queue_holds_published_picks_that_wait_for_a_person(browser):
    PickFactory(published=True, selection="Everton to win", held="The feed names neither side.")
    PickFactory(published=True)
    page = text(browser.get(QUEUE, {"queue": "settlement"}))
    assert "Not settled: The feed names neither side." in page
    assert "1 pick" in page


@pytest.mark.parametrize("queue", ["published", "settled", "rejected", "expired", "all", "nonsense"])
def test_every_cut_of_the_list_opens(browser, queue):
    PickFactory(settled=True)
    assert browser.get(QUEUE, {"queue": queue}).status_code == 200


def test_picks_are_found_by_team(browser):
    found = waiting(fixture=FixtureFactory(home_team="Real Sociedad", kickoff_at=timezone.now() + timedelta(hours=3)))
    waiting()
    assert list(browser.get(QUEUE, {"q": "sociedad"}).context["cl"].result_list) == [found]


def test_sandbox_data_is_said_in_words(browser):
    assert "Sandbox data" not in text(browser.get(QUEUE))
    waiting(fixture__origin="sandbox")
    assert text(browser.get(QUEUE)).count("Sandbox data") == 2  # above the list, and in the row


def test_a_page_of_picks_is_approved_at_once_and_each_that_cannot_be_is_named(browser, reviewer):
    good = [waiting() for _ in range(5)]
    unknown = PickFactory(kickoff_at=None, selection="Unknown start")
    begun = PickFactory(kickoff_at=timezone.now() - timedelta(minutes=1), selection="Begun already")
    silent = waiting(analysis="", selection="Nothing written")
    page = text(decide(browser, "approve", [*good, unknown, begun, silent]))
    assert Pick.objects.filter(status=Status.PUBLISHED).count() == 5
    assert OutboxEvent.objects.filter(type="pick.published").count() == 5
    assert set(Decision.objects.values_list("by", "action")) == {(reviewer.pk, "approved")}
    assert "5 published. Arsenal -0.5 Asian Handicap @ 1.91, Arsenal v Chelsea" in page
    assert "3 not published" in page
    assert re.search(r"Unknown start @ 1.91, Arsenal v Chelsea : Enter the kick-off", page)
    assert re.search(r"Begun already @ 1.91, Arsenal v Chelsea : Arsenal v Chelsea began", page)
    assert re.search(r"Nothing written @ 1.91, Arsenal v Chelsea : Nothing written has no analysis", page)


def test_five_hundred_picks_are_approved_or_named(browser):
    fixture = FixtureFactory(kickoff_at=timezone.now() + timedelta(hours=3))
    picks = PickFactory.build_batch(500, fixture=fixture, kickoff_at=fixture.kickoff_at, origin="import")
    for pick in picks[::10]:
        pick.analysis = ""
    Pick.objects.bulk_create(picks)
    page = text(decide(browser, "approve", picks))
    assert Pick.objects.filter(status=Status.PUBLISHED).count() == 450
    assert "450 published." in page
    assert "50 not published" in page
    assert page.count("has no analysis text") == 50


def test_more_than_five_hundred_are_refused_whole(browser):
    fixture = FixtureFactory(kickoff_at=timezone.now() + timedelta(hours=3))
    built = PickFactory.build_batch(501, fixture=fixture, kickoff_at=fixture.kickoff_at, origin="import")
    Pick.objects.bulk_create(built)
    page = text(decide(browser, "approve", built[:1], select_across="1"))
    assert "at most 500" in page
    assert not OutboxEvent.objects.exists()


def test_a_pick_that_another_reviewer_published_meanwhile_is_named_with_who_and_when(browser):
    pick = waiting()
    bob = Client()
    bob.force_login(User.objects.create_superuser("bob"))
    decide(bob, "approve", [pick])
    assert re.search(r"it was approved by bob at \d\d:\d\d:\d\d UTC", text(decide(browser, "approve", [pick])))
    assert OutboxEvent.objects.count() == 1


def test_rejecting_asks_for_a_reason_first(browser):
    pick = waiting()
    asked = decide(browser, "reject", [pick])
    assert "Reject 1 pick" in text(asked)
    assert "Arsenal -0.5 Asian Handicap" in text(asked)
    assert "This field is required" in text(decide(browser, "reject", [pick], deed="reject", reason=" "))
    assert Pick.objects.get().status == Status.REVIEW
    assert "1 rejected." in text(decide(browser, "reject", [pick], deed="reject", reason="Team news"))
    assert Pick.objects.get().status == Status.REJECTED
    assert Decision.objects.get().reason == "Team news"


def test_published_picks_are_settled_together(browser):
    picks = [PickFactory(published=True) for _ in range(3)]
    assert "Settle 3 picks" in text(decide(browser, "settle", picks))
    page = text(decide(browser, "settle", [*picks, waiting()], deed="settle", result="void", reason="Abandoned"))
    assert set(Settlement.objects.values_list("result", "reason")) == {("void", "Abandoned")}
    assert "3 settled." in page
    assert "1 not settled" in page


def test_nobody_adds_or_deletes_picks(browser):
    pick = waiting()
    assert browser.get(f"{QUEUE}add/").status_code == 403
    assert browser.post(f"{QUEUE}{pick.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in browser.get(QUEUE).content.decode()


def test_who_may_only_look_is_offered_no_decision_and_can_take_none():
    looker = User.objects.create_user("cal", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_pick"))
    client = Client()
    client.force_login(looker)
    pick = waiting()
    assert 'name="action"' not in client.get(QUEUE).content.decode()
    decide(client, "approve", [pick])
    assert client.post(f"{QUEUE}{pick.pk}/change/", {"deed": "approve"}).status_code == 403
    assert Pick.objects.get().status == Status.REVIEW


def test_who_may_not_look_sees_nothing():
    client = Client()
    client.force_login(User.objects.create_user("dan", is_staff=True))
    assert client.get(QUEUE).status_code == 403
    assert client.get(f"{QUEUE}{waiting().pk}/change/").status_code == 403
