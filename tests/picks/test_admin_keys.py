"""The review queue by keyboard alone, in a real browser."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from apps.picks.models import Decision, Pick, Status
from tests.factories import PickFactory
from tests.picks.test_admin_queue import QUEUE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="No Chromium is installed, so no key was pressed (Debian: chromium)."),
]


@pytest.fixture
def page(live_server, monkeypatch) -> Iterator[Page]:
    """Signed in as a reviewer, with the queue open once `page.goto` is called; no error may reach the console."""
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser's loop runs in this thread
    client = Client()
    client.force_login(User.objects.create_superuser("ann"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=live_server.url)
        context.add_cookies([cookie])
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        yield page
        browser.close()
        assert wrong == []


def queue_of(count: int) -> list[Pick]:
    return [
        PickFactory(kickoff_at=timezone.now() + timedelta(hours=3 + each), selection=f"Bet {each + 1}")
        for each in range(count)
    ]


def press(page: Page, *keys: str) -> None:
    """Once the page listens, which is when it offers its list of keys."""
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_visible()
    for key in keys:
        page.keyboard.press(key)


def test_ten_picks_are_reviewed_without_a_mouse(page):
    queue_of(10)
    page.goto(QUEUE)
    press(page, "j", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bet 1 @ 1.91")
    for number in range(1, 11):
        if number % 3:
            press(page, "a")
        else:
            press(page, "r")
            expect(page.get_by_label("Reason", exact=True)).to_be_focused()
            page.keyboard.type("Team news: a, r and n are letters here")
            press(page, "Tab", "Enter")
        told = "rejected" if number % 3 == 0 else "published"
        said = f"Bet {number} @ 1.91, Arsenal v Chelsea: {told}."
        expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
    expect(page.get_by_text("Nothing waits here")).to_be_visible()
    assert Pick.objects.filter(status=Status.PUBLISHED).count() == 7
    assert set(Decision.objects.filter(action="rejected").values_list("reason", flat=True)) == {
        "Team news: a, r and n are letters here"
    }


def test_the_focus_moves_from_row_to_row_and_ticks(page):
    queue_of(3)
    page.goto(QUEUE)
    press(page, "j", "j", "x", "k", "x", "k")
    expect(page.get_by_role("link", name="Bet 1")).to_be_focused()
    expect(page.get_by_text("2 of 3 selected")).to_be_visible()
    press(page, "b")
    expect(page.get_by_label("Action:")).to_be_focused()
    page.keyboard.type("Approve")
    press(page, "Tab", "Enter")
    expect(page.get_by_text("2 published.")).to_be_visible()


def test_next_previous_and_back(page):
    queue_of(3)
    page.goto(QUEUE)
    press(page, "j", "o")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Bet 1 @ 1.91")
    press(page, "n")
    expect(heading).to_have_text("Bet 2 @ 1.91")
    press(page, "p")
    expect(heading).to_have_text("Bet 1 @ 1.91")
    press(page, "u")
    expect(heading).to_have_text("Picks")


def test_an_analysis_is_edited_beside_a_preview_that_follows(page):
    (pick,) = queue_of(1)
    page.goto(f"{QUEUE}{pick.pk}/change/")
    press(page, "e")
    text = page.get_by_label("Analysis", exact=True)
    expect(text).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Fair 1.83, <b>sure</b>.\n\nWon 7 games.")
    preview = page.get_by_role("region", name="As customers read it")
    expect(preview.get_by_text("Fair 1.83, <b>sure</b>.")).to_be_visible()
    expect(preview.get_by_text("7 is not among the pick's own")).to_be_visible()
    press(page, "Tab", "Enter")
    expect(page.get_by_role("status").first).to_contain_text("has a new analysis")
    assert Pick.objects.get().analysis_edited


def test_no_key_does_anything_while_somebody_types_or_holds_a_modifier(page):
    (pick,) = queue_of(1)
    page.goto(f"{QUEUE}{pick.pk}/change/")
    press(page, "r")
    page.keyboard.type("aapnu?")
    expect(page.get_by_label("Reason", exact=True)).to_have_value("aapnu?")
    press(page, "Escape", "Control+a", "Alt+a", "Meta+a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bet 1 @ 1.91")
    assert Pick.objects.get().status == Status.REVIEW


def test_a_dialog_lists_the_keys_and_turns_them_off(page):
    (pick,) = queue_of(1)
    page.goto(f"{QUEUE}{pick.pk}/change/")
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Approve and publish")
    dialog.get_by_label("Shortcuts are on").press("Space")
    press(page, "Escape", "a")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bet 1 @ 1.91")
    assert Pick.objects.get().status == Status.REVIEW


def test_a_held_pick_is_settled_in_its_row_by_keyboard(page):
    PickFactory(published=True, held="No result.", selection="Bet 1")
    page.goto(f"{QUEUE}?queue=settlement")
    press(page, "j", "s")
    page.keyboard.type("Win")
    press(page, "Tab")
    page.keyboard.type("2-0 in the paper")
    press(page, "Enter")
    expect(page.get_by_role("status").first).to_contain_text("settled.")
    assert Pick.objects.get().result == "win"
