"""Going through a queue: after each decision the next pick opens, until the queue is empty."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from apps.picks.models import Decision, Pick, Status
from apps.picks.services import publish_pick, reject_pick
from tests.factories import FixtureFactory, PickFactory
from tests.picks.test_admin_pick import browser_of
from tests.picks.test_admin_queue import QUEUE, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return browser_of("ann")


def queue_of(count: int, **fields) -> list[Pick]:
    """Picks in review in the order of the queue."""
    return [
        PickFactory(kickoff_at=timezone.now() + timedelta(hours=3 + hour), selection=f"Bet {hour + 1}", **fields)
        for hour in range(count)
    ]


def address(pick: Pick, filters: str = "") -> str:
    return f"{QUEUE}{pick.pk}/change/?{urlencode({'_changelist_filters': filters})}"


def decide(browser, pick: Pick, deed: str, filters: str = "", **answers: str):
    return browser.post(address(pick, filters), {"deed": deed, **answers}, follow=True)


def opened(answer) -> str:
    """Where a browser ended up."""
    return answer.redirect_chain[-1][0]


def test_a_decision_opens_the_next_pick_and_says_what_was_done_with_a_way_back(browser):
    first, second, _third = queue_of(3)
    answer = decide(browser, first, "approve")
    assert opened(answer) == address(second)
    assert "Bet 1 @ 1.91, Arsenal v Chelsea: published." in text(answer)
    assert f'<a href="{QUEUE}{first.pk}/change/">Look at it again</a>' in answer.content.decode()
    assert 'role="status"' in answer.content.decode()


def test_the_page_says_where_in_the_queue_it_is_and_leads_to_both_neighbours(browser):
    first, second, third = queue_of(3)
    page = browser.get(address(second))
    assert "2 of 3" in text(page)
    assert "Previous: Bet 1 @ 1.91" in text(page)
    assert "Next: Bet 3 @ 1.91" in text(page)
    assert page.context["walk"]["previous"]["address"] == address(first)
    assert page.context["walk"]["next"]["address"] == address(third)


def test_the_list_opens_a_pick_in_the_queue_without_any_filter(browser):
    first, second = queue_of(2)
    page = browser.get(f"{QUEUE}{first.pk}/change/")
    assert page.context["walk"]["next"]["address"] == address(second)


def test_the_filter_one_came_from_is_kept(browser):
    first, _other, third = queue_of(1)[0], *queue_of(1, sport="tennis"), *queue_of(1)
    filters = "sport=soccer"
    answer = decide(browser, first, "reject", filters, reason="Team news")
    assert opened(answer) == address(third, filters)
    assert opened(decide(browser, third, "approve", filters)) == f"{QUEUE}?{filters}"


def test_behind_the_last_one_comes_what_was_passed_over(browser):
    first, last = queue_of(2)
    assert opened(decide(browser, last, "approve")) == address(first)


def test_at_the_end_of_the_queue_stands_a_friendly_sentence(browser):
    (only,) = queue_of(1)
    answer = decide(browser, only, "approve")
    assert opened(answer) == QUEUE
    assert "Nothing waits here: every pick is decided" in text(answer)


def test_who_comes_second_is_told_who_was_first_and_goes_on(browser):
    first, second = queue_of(2)
    bob = User.objects.create_superuser("bob")
    reject_pick(pick_id=first.pk, now=timezone.now(), by=bob, reason="Team news")
    answer = decide(browser, first, "approve", next=str(second.pk))
    assert opened(answer) == address(second)
    assert "no longer in review: it was rejected by bob at" in text(answer)


def test_a_next_pick_that_was_decided_meanwhile_is_passed_over(browser):
    first, second, third = queue_of(3)
    publish_pick(pick_id=second.pk, now=timezone.now())
    assert opened(decide(browser, first, "approve", next=str(second.pk))) == address(third)


def test_what_could_not_be_done_stays_with_the_focus_on_what_is_missing(browser):
    (pick,) = queue_of(1)
    page = decide(browser, pick, "reject").content.decode()
    field = page[page.index('name="reason"', page.index('data-key="r"')) :]
    assert "autofocus" in field[: field.index(">")]
    assert Pick.objects.get().status == Status.REVIEW


def test_an_edited_analysis_and_a_kick_off_stay_on_their_page(browser):
    first, _second = queue_of(2)
    assert opened(decide(browser, first, "analysis", text="A better text.")) == address(first)


def test_a_pick_settled_from_the_settlement_queue_opens_the_next_there(browser):
    first, second = (
        PickFactory(published=True, held="No result.", kickoff_at=timezone.now() - timedelta(hours=hours))
        for hours in (9, 8)
    )
    filters = "queue=settlement"
    answer = decide(browser, first, "settle", filters, result="win", reason="2-0")
    assert opened(answer) == address(second, filters)


def test_a_result_that_another_entered_meanwhile_is_not_overwritten_unread(browser):
    pick = PickFactory(published=True, held="No result.")
    decide(browser_of("bob"), pick, "settle", result="loss", reason="0-1")
    told = text(decide(browser, pick, "settle", result="win", reason="1-0"))
    assert "is settled already, as loss by bob at" in told
    assert Pick.objects.get().result == "loss"
    assert "Correct the result" in text(browser.get(address(pick)))


@pytest.mark.parametrize(
    "filters", ["nonsense=1", "sport__exact=%00", "o=99", "q=%00", "p=abc", "fixture__x__y=1", "="]
)
def test_filters_that_no_list_offers_lead_nowhere_but_fail_nothing(browser, filters):
    first, _second = queue_of(2)
    assert browser.get(address(first, filters)).status_code == 200
    assert decide(browser, first, "approve", filters).status_code == 200
    assert Decision.objects.count() == 1


def test_a_page_in_a_long_queue_takes_a_bounded_number_of_statements(browser, django_assert_max_num_queries):
    fixture = FixtureFactory(kickoff_at=timezone.now() + timedelta(hours=3))
    picks = PickFactory.build_batch(2_000, fixture=fixture, kickoff_at=fixture.kickoff_at, origin="import")
    Pick.objects.bulk_create(picks)
    browser.get("/admin/")  # the first page of a session notes where it was begun
    with django_assert_max_num_queries(16):
        page = browser.get(address(picks[0]))
    assert "of 2000" in text(page)
    with django_assert_max_num_queries(10):
        browser.get(QUEUE)
