"""The page of one pick: its evidence to read, and one form for each thing that may be done to it."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.feed.models import Result
from apps.outbox.models import OutboxEvent
from apps.picks.models import AutoPublish, DailyRecord, Decision, Pick, Settlement, Status
from tests.factories import PickFactory
from tests.picks.test_admin_queue import text, waiting

EVIDENCE = {
    "at": "2026-05-25T09:00:00Z",
    "offer": {"selection_id": 1, "book": "bookmaker", "side": "home", "odds": "1.910", "size": "820.50",
              "lay_odds": None, "since": "2026-05-25T08:59:00+00:00", "confirmed_at": "2026-05-25T09:00:00+00:00"},
    "anchor": [{"selection_id": 2, "book": "pinnacle", "side": "home", "odds": "1.800", "size": None,
                "lay_odds": None, "since": "2026-05-25T08:58:00+00:00", "confirmed_at": "2026-05-25T08:59:30+00:00"}],
    "rules": {"edge_min": 0.02, "method": "power"},
}  # fmt: skip


def browser_of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(name))
    return client


@pytest.fixture
def browser(db):
    return browser_of("ann")


def page_of(pick: Pick) -> str:
    return f"/admin/picks/pick/{pick.pk}/change/"


def do(browser: Client, pick: Pick, deed: str, **answers: str):
    return browser.post(page_of(pick), {"deed": deed, **answers}, follow=True)


def test_the_evidence_is_there_to_read(browser):
    pick = waiting(evidence=EVIDENCE, fixture__origin="sandbox")
    page = text(browser.get(page_of(pick)))
    for shown in (
        "Prices at 25 May 2026 09:00:00 UTC", "taken bookmaker home 1.910 – 820.50", "anchor pinnacle home 1.800 – –",
        "25 May 2026 08:59:30 UTC", "Edge min 0.02", "1.833, a probability of 54.55 %", "+4.20 %", "power",
        "Pinnacle fair value is 1.83", "Sandbox data",
    ):  # fmt: skip
        assert shown in page


def test_evidence_of_any_shape_opens(browser):
    odd = {"list": [1, "two"], "none": None, "deep": {"deeper": {"flag": True}}, "rows": [{"a": 1}, {"b": "T"}]}
    assert "Flag yes" in text(browser.get(page_of(waiting(evidence=odd))))


def test_what_people_typed_is_never_markup(browser):
    pick = waiting(selection="<script>alert(1)</script>", analysis="<b>bold</b>", evidence={"<i>": "<u>"})
    assert "<script>alert" not in browser.get(page_of(pick)).content.decode()
    assert "<b>bold" not in browser.get(page_of(pick)).content.decode()
    decided = browser.post(
        "/admin/picks/pick/", {"action": "settle", "_selected_action": [str(pick.pk)]}, follow=True
    ).content.decode()
    assert "<script>alert" not in decided


def test_the_button_publishes_and_says_so(browser):
    pick = waiting()
    assert "Arsenal -0.5 Asian Handicap @ 1.91, Arsenal v Chelsea: published." in text(do(browser, pick, "approve"))
    assert Pick.objects.get().status == Status.PUBLISHED
    assert Decision.objects.get().by.username == "ann"


def test_why_it_cannot_be_published_is_said_and_what_was_typed_stays(browser):
    pick = waiting(analysis="")
    answer = do(browser, pick, "approve", reason="I am sure of it")
    assert "has no analysis text" in text(answer)
    assert "I am sure of it" in text(answer)
    assert Pick.objects.get().status == Status.REVIEW


def test_an_unknown_kickoff_is_entered_and_then_it_can_be_published(browser):
    pick = PickFactory(kickoff_at=None, fixture__kickoff_source="")
    assert "Enter the kick-off" in text(do(browser, pick, "approve"))
    start = (timezone.now() + timedelta(hours=5)).replace(second=0, microsecond=0)
    do(browser, pick, "kickoff", kickoff_at=f"{start:%Y-%m-%dT%H:%M}")
    pick.refresh_from_db()
    assert pick.kickoff_at == pick.fixture.kickoff_at == start
    assert "Enter the kick-off" not in text(browser.get(page_of(pick)))
    assert list(Decision.objects.values_list("action", "by__username")) == [("kickoff_entered", "ann")]
    do(browser, pick, "approve")
    assert Pick.objects.get().status == Status.PUBLISHED


def test_a_rejection_needs_its_reason(browser):
    pick = waiting()
    assert "This field is required" in text(do(browser, pick, "reject"))
    do(browser, pick, "reject", reason="Team news")
    assert "Rejected ann Team news" in text(browser.get(page_of(pick)))


def test_the_analysis_is_edited(browser):
    pick = waiting()
    do(browser, pick, "analysis", text="A better text.")
    pick.refresh_from_db()
    assert (pick.analysis, pick.analysis_edited) == ("A better text.", True)
    assert "edited by a reviewer" in text(browser.get(page_of(pick)))


def test_a_held_pick_is_settled_from_the_evidence_beside_it(browser):
    pick = PickFactory(published=True, held="The feed only guesses the winner.")
    Result.objects.create(fixture=pick.fixture, winner="Arsenal", tagged=True, side="home", observed_at=timezone.now())
    assert "Arsenal – completed guessed upstream (favourite)" in text(browser.get(page_of(pick)))
    do(browser, pick, "settle", result="win", reason="Final whistle 2-0")
    pick.refresh_from_db()
    assert (pick.status, pick.result, pick.held) == ("settled", "win", "")


def test_a_wrong_result_is_corrected_and_both_stay_readable(browser):
    pick = PickFactory(published=True)
    do(browser, pick, "settle", result="win", reason="2-0")
    do(browser, pick, "correct", result="loss", reason="It was the wrong match")
    assert list(Settlement.objects.values_list("result", flat=True)) == ["win", "loss"]
    page = text(browser.get(page_of(pick)))
    assert "It was the wrong match" in page
    assert "2-0" in page
    assert OutboxEvent.objects.filter(type="pick.settled").count() == 2


def test_an_unknown_result_or_deed_changes_nothing(browser):
    pick = PickFactory(published=True)
    assert "Select a valid choice" in text(do(browser, pick, "settle", result="won", reason="x"))
    assert do(browser, pick, "burn").status_code == 200
    assert Pick.objects.get().status == Status.PUBLISHED


def test_a_pick_that_is_not_there_leads_back(browser):
    gone = browser.get("/admin/picks/pick/00000000-0000-4000-8000-000000000000/change/", follow=True)
    assert "There is no pick with that id" in text(gone)
    assert browser.get("/admin/picks/pick/nonsense/change/", follow=True).status_code == 200


@pytest.mark.django_db
def test_a_decision_needs_the_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("ann"))
    pick = waiting()
    assert client.post(page_of(pick), {"deed": "approve"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_approve_at_once_and_one_is_told_who_did():
    pick = waiting()
    browsers = {name: browser_of(name) for name in ("ann", "bob")}
    ready = threading.Barrier(2)
    pages: dict[str, str] = {}

    def approve(name: str) -> None:
        try:
            ready.wait(10)
            pages[name] = text(do(browsers[name], pick, "approve"))
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[name]) for name in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    first = Decision.objects.get().by.username
    second = {"ann": "bob", "bob": "ann"}[first]
    assert "published." in pages[first]
    assert f"no longer in review: it was approved by {first} at " in pages[second]
    assert OutboxEvent.objects.count() == 1


def test_the_switch_says_what_it_does_and_takes_only_what_makes_sense(browser):
    page = "/admin/picks/autopublish/"
    assert "without a reviewer" in text(browser.get(page))
    asked = {"sport": "Ice Hockey", "min_edge_pct": "3", "min_confidence": "9", "delay_seconds": "8"}
    refused = text(browser.post(f"{page}add/", asked))
    assert "Enter a slug" in refused
    assert "less than or equal to 5" in refused
    browser.post(f"{page}add/", asked | {"sport": "*", "min_confidence": "4", "enabled": "on"})
    assert AutoPublish.objects.get().enabled
    assert "on" in text(browser.get(page))


def test_the_daily_record_is_only_read(browser):
    row = DailyRecord.objects.create(day=datetime(2026, 5, 25, tzinfo=UTC).date(), sport="soccer", settled=3)
    assert browser.get("/admin/picks/dailyrecord/").status_code == 200
    assert browser.post(f"/admin/picks/dailyrecord/{row.pk}/change/", {"settled": 9}).status_code == 403
    assert browser.get("/admin/picks/dailyrecord/add/").status_code == 403
