"""Editing the analyses of many picks: each has its text area, each is saved or named with its reason."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.picks.models import AutoPublish, Decision, Pick, Status
from apps.picks.services import edit_analysis, reject_pick
from tests.factories import FixtureFactory, PickFactory
from tests.picks.test_admin_pick import browser_of
from tests.picks.test_admin_queue import decide, text, waiting

QUEUE = "/admin/picks/pick/"


@pytest.fixture
def browser(db):
    return browser_of("ann")


def opened(browser: Client, picks: list[Pick]) -> dict[str, str]:
    """What the page would send back if nothing were changed."""
    edits = decide(browser, "edit", picks).context["edits"]
    return {edit.form[name].html_name: edit.form[name].value() for edit in edits for name in ("text", "seen")}


def save(browser: Client, picks: list[Pick], answers: dict[str, str]):
    return decide(browser, "edit", picks, deed="analysis", **answers)


def stored(pick: Pick) -> str:
    return Pick.objects.get(pk=pick.pk).analysis


def test_each_pick_is_shown_with_its_numbers_and_a_labelled_text(browser):
    picks = [waiting(selection="Everton to win"), waiting()]
    answer = decide(browser, "edit", picks)
    page = text(answer)
    for shown in ("Everton to win", "Arsenal v Chelsea", "Odds 1.91 · edge +4.20 %", "Pinnacle fair value is 1.83"):
        assert shown in page
    labels = re.findall(r'<label for="([^"]+)"', answer.content.decode())
    assert sorted(labels) == sorted(f"id_{pick.pk}-text" for pick in picks)


def test_only_what_was_changed_is_written_and_the_editor_is_kept(browser):
    changed, left = waiting(), waiting(analysis="Two\nlines.")
    answers = opened(browser, [changed, left])
    answers[f"{changed.pk}-text"] = "A better text."
    answers[f"{left.pk}-text"] = "Two\r\nlines."  # as a browser sends it
    assert "1 analysis saved." in text(save(browser, [changed, left], answers))
    assert (stored(changed), stored(left)) == ("A better text.", "Two\nlines.")
    assert list(Decision.objects.values_list("pick", "action", "by__username")) == [(changed.pk, "edited", "ann")]


def test_one_that_cannot_be_saved_is_named_keeps_what_was_typed_and_stops_no_other(browser):
    good, gone, empty = waiting(), waiting(selection="Everton to win"), waiting(selection="Draw")
    answers = opened(browser, [good, gone, empty])
    reject_pick(pick_id=gone.pk, now=timezone.now(), by=User.objects.create_superuser("bob"), reason="Team news")
    answers |= {f"{good.pk}-text": "Better.", f"{gone.pk}-text": "Too late.", f"{empty.pk}-text": " "}
    page = text(save(browser, [good, gone, empty], answers))
    assert stored(good) == "Better."
    assert "1 analysis saved." in page
    assert "2 not saved" in page
    assert re.search(r"Everton to win @ 1.91, Arsenal v Chelsea : .* it was rejected by bob", page)
    assert "Draw @ 1.91, Arsenal v Chelsea : A pick needs an analysis text." in page
    assert "Too late." in page
    assert "Better." not in page


def test_a_text_that_was_not_saved_is_described_by_its_reason(browser):
    pick = waiting()
    told = save(browser, [pick], opened(browser, [pick]) | {f"{pick.pk}-text": "x" * 20_001}).content.decode()
    (described,) = re.findall(r'aria-describedby="([^"]+)"', told)
    assert re.search(rf'id="{described}">Not saved: Ensure this value has at most 20000', told)


def test_the_text_of_another_reviewer_is_not_overwritten_unread(browser):
    pick = waiting()
    answers = opened(browser, [pick]) | {f"{pick.pk}-text": "Mine."}
    edit_analysis(pick_id=pick.pk, now=timezone.now(), by=User.objects.create_superuser("bob"), text="Theirs.")
    told = save(browser, [pick], answers)
    assert "It has been changed since" in text(told)
    assert "Theirs." in text(told)
    assert stored(pick) == "Theirs."
    (edit,) = told.context["edits"]
    again = {edit.form[name].html_name: edit.form[name].value() for name in ("text", "seen")}
    save(browser, [pick], again)
    assert stored(pick) == "Mine."


def test_a_text_the_engine_wrote_meanwhile_stays_where_the_reviewer_changed_nothing(browser):
    pick = waiting()
    answers = opened(browser, [pick])
    Pick.objects.filter(pk=pick.pk).update(analysis="Newer numbers.")
    assert "No text was changed" in text(save(browser, [pick], answers))
    assert stored(pick) == "Newer numbers."


def test_picks_that_left_the_review_are_named_and_not_offered(browser):
    page = decide(browser, "edit", [PickFactory(published=True, selection="Everton to win"), waiting()])
    assert "Everton to win @ 1.91, Arsenal v Chelsea (Published)" in text(page)
    assert len(page.context["edits"]) == 1


def test_more_than_fifty_are_refused_with_a_sentence(browser):
    fixture = FixtureFactory(kickoff_at=timezone.now() + timedelta(hours=3))
    picks = PickFactory.build_batch(51, fixture=fixture, kickoff_at=fixture.kickoff_at, origin="import")
    Pick.objects.bulk_create(picks)
    assert "at most 50 picks to edit at once; there were 51." in text(decide(browser, "edit", picks))
    assert len(decide(browser, "edit", picks[:50]).context["edits"]) == 50


def test_what_was_typed_is_never_markup(browser):
    pick = waiting(selection="<script>alert(1)</script>", analysis="</textarea><script>alert(2)</script>")
    assert "<script>alert" not in decide(browser, "edit", [pick]).content.decode()


@pytest.mark.parametrize("action", ["approve", "reject", "edit", "settle"])
def test_a_tick_that_is_no_id_is_named_and_the_others_count(browser, action):
    pick = waiting()
    both = {"action": action, "_selected_action": ["garbage", "\x00", str(pick.pk)]}
    assert "What is no id was left out" in text(browser.post(QUEUE, both, follow=True))
    alone = browser.post(QUEUE, {"action": action, "_selected_action": "garbage"}, follow=True)
    assert "Items must be selected" in text(alone)
    assert (Pick.objects.get().status == Status.PUBLISHED) == (action == "approve")


@pytest.mark.parametrize("crafted", ["garbage", "%00", "1' OR 1=1", "9" * 40, "_00", "é"])
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_a_crafted_id_in_the_address_leads_back_with_a_sentence(browser, crafted, page):
    answer = browser.get(f"{QUEUE}{crafted}/{page}/", follow=True)
    assert answer.status_code in (200, 403, 404)
    if page == "change":
        assert "There is no pick with that id" in text(answer)


@pytest.mark.parametrize("page", ["picks/pick/", "picks/dailyrecord/", "picks/autopublish/"])
def test_a_filter_or_tick_that_no_page_offers_is_no_failure(browser, page):
    AutoPublish.objects.create(sport="soccer")
    assert browser.get(f"/admin/{page}", {"sport__exact": "\x00"}).status_code == 302
    assert browser.get(f"/admin/{page}nonsense\x00/change/").status_code == 302
    crafted = {"action": "delete_selected", "_selected_action": ["garbage", "9" * 40]}
    assert browser.post(f"/admin/{page}", crafted, follow=True).status_code == 200
    assert AutoPublish.objects.count() == 1
