"""The settlement queue: each pick that waits for a person stands beside what the feed said, and is settled there."""

import re

import pytest
from django.utils import timezone

from apps.feed.models import Result
from apps.picks.models import Pick, Settlement
from tests.factories import PickFactory
from tests.feed.test_admin import viewer
from tests.picks.test_admin_pick import browser_of
from tests.picks.test_admin_queue import QUEUE, text

pytestmark = pytest.mark.django_db
SETTLEMENT = {"queue": "settlement"}


@pytest.fixture
def browser():
    return browser_of("ann")


def held(**fields) -> Pick:
    made: Pick = PickFactory(published=True, held="The feed only guesses the winner.", **fields)
    return made


def row_form(html: str, pick: Pick) -> str:
    found = re.search(rf'<form id="settle-{pick.pk}" method="post" action="([^"]+)"', html)
    assert found
    return found[1]


def test_the_reason_and_what_the_feed_said_stand_in_the_row(browser):
    pick = held()
    Result.objects.create(
        fixture=pick.fixture, winner="Arsenal", tagged=True, side="home", home_score=2, away_score=1,
        observed_at=timezone.now(),
    )  # fmt: skip
    held(selection="Everton to win")
    page = text(browser.get(QUEUE, SETTLEMENT))
    assert "Not settled: The feed only guesses the winner." in page
    assert re.search(r"Arsenal 2-1 completed · guessed upstream · seen", page)
    assert "nothing yet" in page


def test_a_row_is_settled_where_it_stands_and_the_list_comes_back(browser):
    pick, _other = held(), held(selection="Everton to win")
    html = browser.get(QUEUE, SETTLEMENT).content.decode()
    assert f'<select name="result" form="settle-{pick.pk}"' in html
    answers = {"then": "list", "deed": "settle", "result": "win", "reason": "2-1 on the club's page"}
    answer = browser.post(row_form(html, pick), answers, follow=True)
    assert answer.redirect_chain[-1][0] == f"{QUEUE}?queue=settlement"
    assert "settled." in text(answer)
    assert "Everton to win" in text(answer)
    assert Settlement.objects.get().reason == "2-1 on the club's page"


def test_what_is_missing_is_asked_for_on_the_picks_own_page(browser):
    pick = held()
    html = browser.get(QUEUE, SETTLEMENT).content.decode()
    answer = browser.post(row_form(html, pick), {"then": "list", "deed": "settle", "result": "win", "reason": ""})
    assert "This field is required" in text(answer)
    assert not Settlement.objects.exists()


def test_who_may_only_look_gets_no_fields_in_the_rows():
    held()
    html = viewer("view_pick").get(QUEUE, SETTLEMENT).content.decode()
    assert "The feed only guesses" in html
    assert "settle-" not in html


def test_a_full_page_takes_a_bounded_number_of_statements(browser, django_assert_max_num_queries):
    for _ in range(30):
        Result.objects.create(fixture=held().fixture, winner="Arsenal", observed_at=timezone.now())
    browser.get("/admin/")  # the first page of a session notes where it was begun
    with django_assert_max_num_queries(12):
        browser.get(QUEUE, SETTLEMENT)


def test_names_and_reasons_are_never_markup_in_the_rows(browser):
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    pick = PickFactory(published=True, held=evil, selection=evil, league=evil)
    Result.objects.create(fixture=pick.fixture, winner=evil, status="completed", observed_at=timezone.now())
    html = browser.get(QUEUE, SETTLEMENT).content.decode()
    assert "<script>alert" not in html
    assert "<img" not in html.replace('<img src="/static/', "")
