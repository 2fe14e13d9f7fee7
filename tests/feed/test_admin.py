"""The feed in the admin: kick-offs are entered, anchor rows are joined with one click, all else is read."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.feed.models import AnchorRow, Fixture, KickoffChange, Poll, Result, TeamAlias
from tests.factories import KICKOFF, FixtureFactory
from tests.picks.test_admin_queue import text

pytestmark = pytest.mark.django_db
ROWS = "/admin/feed/anchorrow/"


@pytest.fixture
def browser():
    client = Client()
    client.force_login(User.objects.create_superuser("ann"))
    return client


def viewer(*codenames: str) -> Client:
    user = User.objects.create_user("cal", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def unjoined(**fields) -> AnchorRow:
    seen = {"feed": "soccer_epl", "first_seen_at": KICKOFF - timedelta(hours=5), "last_seen_at": KICKOFF}
    row = {"home_team": "Arsenal", "away_team": "The Blues", "commence_at": KICKOFF, "sport": "soccer"}
    return AnchorRow.objects.create(external_id=str(AnchorRow.objects.count()), **seen, **row | fields)


def test_fixtures_are_found_by_team_and_labelled(browser):
    FixtureFactory(home_team="Everton", origin="sandbox")
    FixtureFactory(home_team="Fulham")
    page = text(browser.get("/admin/feed/fixture/", {"q": "everton"}))
    assert "Everton v Chelsea" in page
    assert "Fulham" not in page
    assert page.count("Sandbox data") == 2


def test_a_missing_kickoff_is_entered_and_kept_as_a_change(browser):
    fixture = FixtureFactory(kickoff_at=None, kickoff_source="", name="Before")
    page = f"/admin/feed/fixture/{fixture.pk}/change/"
    inline = {"kickoff_changes-TOTAL_FORMS": "0", "kickoff_changes-INITIAL_FORMS": "0"}
    answer = browser.post(page, {"kickoff_at": "2026-05-25T15:00", "name": "After", **inline}, follow=True)
    assert "was changed successfully" in text(answer)
    fixture.refresh_from_db()
    assert (fixture.kickoff_at, fixture.kickoff_source, fixture.name) == (KICKOFF, "reviewer", "Before")
    assert KickoffChange.objects.get().new == datetime(2026, 5, 25, 15, tzinfo=UTC)
    assert "reviewer" in text(browser.get(page))


def test_a_kickoff_that_the_feed_told_while_the_form_was_open_stays(browser):
    fixture = FixtureFactory(kickoff_at=KICKOFF, kickoff_source="feed")
    rows = {f"kickoff_changes-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    typed = {"kickoff_at_0": "2026-11-21", "kickoff_at_1": "15:00"}
    page = browser.post(f"/admin/feed/fixture/{fixture.pk}/change/", {**rows, **typed}, follow=True)
    assert "The feed itself says when" in text(page)
    assert Fixture.objects.get().kickoff_at == KICKOFF


def test_a_kickoff_that_the_feed_knows_is_not_offered_for_change(browser):
    page = browser.get(f"/admin/feed/fixture/{FixtureFactory().pk}/change/").content.decode()
    assert 'name="kickoff_at"' not in page


def test_fixtures_are_neither_added_nor_deleted(browser):
    fixture = FixtureFactory()
    assert browser.get("/admin/feed/fixture/add/").status_code == 403
    assert browser.post(f"/admin/feed/fixture/{fixture.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Fixture.objects.exists()


def test_rows_that_found_no_fixture_come_first_and_offer_what_they_may_be(browser):
    FixtureFactory(origin="sandbox")
    unjoined()
    unjoined(home_team="Nobody", away_team="Known")
    unjoined(home_team="Leeds", fixture=FixtureFactory(home_team="Leeds"))
    page = text(browser.get(ROWS))
    assert "Arsenal v The Blues" in page
    assert "Join to Arsenal v Chelsea 25 May 15:00 UTC · Sandbox data" in page
    assert "no fixture shares a side with it" in page
    assert "Leeds" not in page
    assert "Leeds v Chelsea (Live feed)" in text(browser.get(ROWS, {"joined": "yes"}))
    assert "3 anchor rows" in text(browser.get(ROWS, {"joined": "all"}))


def test_one_click_joins_the_row_and_keeps_the_spelling(browser):
    fixture, row = FixtureFactory(), unjoined()
    page = text(browser.post(f"{ROWS}{row.pk}/join/{fixture.pk}/", follow=True))
    row.refresh_from_db()
    assert row.fixture == fixture
    alias = TeamAlias.objects.get()
    assert (alias.sport, alias.same_as) == ("soccer", "chelsea")
    assert f"Joined. From now on, {alias}." in page
    assert "0 anchor rows" in page


def test_the_button_stands_in_the_lists_form_and_names_its_own_address(browser):
    fixture, row = FixtureFactory(), unjoined()
    page = browser.get(ROWS).content.decode()
    form = page[page.index('id="changelist-form"') :]
    assert f'formaction="{ROWS}{row.pk}/join/{fixture.pk}/"' in form[: form.index("</form>")]
    assert "csrfmiddlewaretoken" in form[: form.index("</form>")]


def test_what_cannot_be_joined_is_a_sentence(browser):
    stranger, row = FixtureFactory(home_team="Leeds", away_team="Hull"), unjoined()
    assert "must share one side" in text(browser.post(f"{ROWS}{row.pk}/join/{stranger.pk}/", follow=True))
    assert "is gone" in text(browser.post(f"{ROWS}{row.pk}/join/999999/", follow=True))
    assert browser.get(f"{ROWS}{row.pk}/join/{stranger.pk}/").status_code == 405
    assert not TeamAlias.objects.exists()


def test_who_may_only_look_gets_no_button_and_cannot_join():
    fixture, row = FixtureFactory(), unjoined()
    client = viewer("view_anchorrow")
    page = client.get(ROWS).content.decode()
    assert "Arsenal v Chelsea" in page
    assert "formaction" not in page
    assert client.post(f"{ROWS}{row.pk}/join/{fixture.pk}/").status_code == 403


def test_an_alias_is_kept_folded(browser):
    browser.post("/admin/feed/teamalias/add/", {"sport": "soccer", "name": "Atlético Madrid FC", "same_as": "Atleti"})
    alias = TeamAlias.objects.get()
    assert (alias.name, alias.same_as) == ("atletico madrid", "atleti")
    nothing = browser.post("/admin/feed/teamalias/add/", {"sport": "soccer", "name": "...", "same_as": "Atleti"})
    assert "Nothing of this name is left" in text(nothing)


def test_polls_and_results_are_only_read(browser):
    Poll.objects.create(name="events", due_at=KICKOFF, failures=4, last_error="502 Bad Gateway")
    Poll.objects.create(name="live", due_at=KICKOFF, last_ok_at=KICKOFF, records=12, skipped=2)
    result = Result.objects.create(fixture=FixtureFactory(), winner="Arsenal", side="home", observed_at=KICKOFF)
    polls = text(browser.get("/admin/feed/poll/"))
    assert "failing, 4 in a row" in polls
    assert "works, 2 unreadable" in polls
    assert "Arsenal v Chelsea" in text(browser.get("/admin/feed/result/"))
    assert browser.post(f"/admin/feed/result/{result.pk}/change/", {"winner": "X"}).status_code == 403


def test_every_page_keeps_to_the_content_policy(browser):
    FixtureFactory()
    unjoined()
    for page in ("/admin/", ROWS, "/admin/feed/fixture/", "/admin/picks/pick/", "/admin/picks/autopublish/"):
        answer = browser.get(page)
        assert "script-src 'unsafe" not in answer["Content-Security-Policy"]
        assert "<style" not in answer.content.decode()
        assert " style=" not in answer.content.decode()
        assert " onclick=" not in answer.content.decode()
