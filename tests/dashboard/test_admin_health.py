"""How everything does, in one page of the admin: what is wrong, and what to do."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.accounts.models import TierRequest
from apps.core.health import CHECKS, Registered
from apps.dashboard.admin.queues import queues
from apps.feed.models import AnchorRow, Poll
from apps.outbox.models import OutboxEvent, OutboxHead
from tests.dashboard.test_admin_organizations import busy
from tests.factories import FixtureFactory, OrganizationFactory, PickFactory
from tests.picks.test_admin_pick import browser_of
from tests.picks.test_admin_queue import text, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]
HEALTH = "/admin/health/"


@pytest.fixture
def browser() -> Client:
    return browser_of("ann")


def advice(name: str) -> str:
    (found,) = (queue.advice for queue in queues(now=timezone.now()) if queue.name == name)
    return found


def test_every_check_of_readyz_stands_there_with_its_state_and_sentence(browser, monkeypatch):
    monkeypatch.setitem(CHECKS, "postgres", Registered(lambda: ("ok", "Answers."), essential=True))
    monkeypatch.setitem(CHECKS, "feed", Registered(lambda: ("degraded", "anchor: 502 Bad Gateway"), essential=False))
    page = text(browser.get(HEALTH))
    assert all(name in page for name in CHECKS)
    assert "postgres ✓ well Answers." in page
    assert "feed ✗ not well anchor: 502 Bad Gateway Look at the polls below" in page


def test_a_poll_that_fails_says_since_when_and_why(browser):
    Poll.objects.create(name="live", due_at=timezone.now(), failures=4, last_error="502", last_error_at=timezone.now())
    assert re.search(r"live ✗ failing, 4 in a row never .* 502 \(", text(browser.get(HEALTH)))


def test_without_polls_the_page_says_what_to_do(browser):
    assert "No poll has run yet: see that worker and beat run." in text(browser.get(HEALTH)).replace(" :", ":")


def test_htmx_gets_the_part_that_changes_alone(browser):
    part = browser.get(HEALTH, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'class="now"' in part
    whole = browser.get(HEALTH).content.decode()
    assert 'hx-trigger="every 10s"' in whole
    assert '"allowEval": false' in whole


def test_it_is_for_staff_alone():
    client = Client()
    assert client.get(HEALTH).status_code == 302
    client.force_login(User.objects.create_user("eve"))
    assert client.get(HEALTH).status_code == 302


def test_all_is_quiet_where_nothing_waits():
    quiet = {queue.name: queue.advice for queue in queues(now=timezone.now())}
    assert set(quiet.values()) <= {"", "See that beat and worker run."}
    assert len(quiet) == 12


def test_an_event_that_no_webhook_was_told_of_is_behind():
    OutboxHead.objects.create(last_sequence=3)
    OutboxEvent.objects.create(
        sequence=3, type="pick.published", key="x", subject_id="00000000-0000-4000-8000-000000000000", body="{}",
        created_at=timezone.now() - timedelta(minutes=5),
    )  # fmt: skip
    found = {queue.name: queue for queue in queues(now=timezone.now())}["Events not yet handed to webhooks"]
    assert "3 behind" in found.holds
    assert "deliver" in found.advice


def test_prices_that_are_overdue_and_picks_that_begin_soon_are_told():
    now = timezone.now()
    FixtureFactory(kickoff_at=now + timedelta(hours=3), odds_due_at=now - timedelta(minutes=5))
    PickFactory(kickoff_at=now + timedelta(minutes=30), proposed_at=now - timedelta(hours=1))
    assert "polls above" not in advice("Picks in review")
    assert "1 begin within the hour" in advice("Picks in review")
    assert "too slowly" in advice("Fixtures whose prices are overdue")


def test_tasks_that_pile_up_are_told(redis):
    redis.rpush("celery", *range(60))
    assert "does not keep up" in advice("Tasks waiting for worker")


def test_a_redis_that_is_away_is_told_and_the_page_opens(browser, monkeypatch):
    import redis as redis_py

    def away() -> None:
        raise redis_py.ConnectionError("away")

    monkeypatch.setattr("apps.dashboard.admin.queues.redis_client", away)
    assert "Redis does not answer" in text(browser.get(HEALTH))


def test_the_page_takes_a_bounded_number_of_statements(browser, django_assert_max_num_queries):
    for _ in range(20):
        busy()
        waiting()
    browser.get("/admin/")
    with django_assert_max_num_queries(20):
        browser.get(HEALTH)


def test_the_first_page_counts_what_waits_with_links(browser):
    waiting()
    PickFactory(published=True, held="No result.")
    busy()
    AnchorRow.objects.create(
        external_id="1", sport="soccer", home_team="A", away_team="B", feed="epl", first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )  # fmt: skip
    TierRequest.objects.create(organization=OrganizationFactory(), tier="growth", asked_at=timezone.now())
    answer = browser.get("/admin/")
    page = text(answer)
    for shown in ("1 Picks to review", "1 Picks to settle", "1 Anchor rows to join", "1 Exhausted webhooks"):
        assert shown in page
    for each in answer.context["waiting"]:
        assert browser.get(each["address"]).status_code == 200


def test_who_may_see_nothing_is_told_of_nothing():
    client = Client()
    client.force_login(User.objects.create_user("dan", is_staff=True))
    assert "Picks to review" not in text(client.get("/admin/"))
