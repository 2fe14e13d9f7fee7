"""Where one is signed in: listed in words, ended one by one or all at once, and ended with the password."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.sessions import EVERY_SECONDS, SEEN
from apps.accounts.sessions import browser as name_of
from tests.accounts.people import PASSWORD, Browser, person, text

pytestmark = pytest.mark.django_db
LIST = "/accounts/sessions/"
END = f"{LIST}end/"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture
def two(db: None) -> tuple[Browser, Browser]:
    """One person, signed in from two places."""
    person()
    here, there = Browser("192.0.2.1"), Browser("192.0.2.2", HTTP_USER_AGENT=CHROME)
    for each in (here, there):
        each.sign_in()
    return here, there


def is_in(browser: Browser) -> bool:
    return bool(browser.get("/accounts/").status_code == 200)


def test_they_are_listed_with_when_and_where_from_and_which_browser(two: tuple[Browser, Browser]) -> None:
    page = text(two[0].get(LIST))
    assert "Firefox on Windows This one 192.0.2.1" in page
    assert "Chrome on Linux 192.0.2.2" in page
    assert f"{timezone.now():%b %Y}" in page


def test_one_is_signed_out(two: tuple[Browser, Browser]) -> None:
    here, there = two
    other = UserSession.objects.get(ip="192.0.2.2")
    assert here.send(END, page=LIST, session=other.pk).headers["Location"] == LIST
    assert (is_in(here), is_in(there)) == (True, False)


def test_all_others_are_signed_out(two: tuple[Browser, Browser]) -> None:
    here, there = two
    here.send(LIST)
    assert (is_in(here), is_in(there)) == (True, False)


def test_all_are_signed_out(two: tuple[Browser, Browser]) -> None:
    here, there = two
    assert here.send(END, page=LIST, session="all").headers["Location"] == "/accounts/login/"
    assert (is_in(here), is_in(there)) == (False, False)
    assert not UserSession.objects.exists()


@pytest.mark.parametrize("session", ["", "nonsense", "0", "-1", "9" * 30, "{theirs}"])
def test_nobody_ends_what_is_not_theirs(two: tuple[Browser, Browser], session: str) -> None:
    person("eve@example.com")
    eve = Browser()
    eve.sign_in("eve@example.com")
    theirs = UserSession.objects.get(ip="192.0.2.2").pk
    assert eve.send(END, page=LIST, session=session.format(theirs=theirs)).status_code == 404
    assert all(is_in(each) for each in two)


def test_a_changed_password_ends_all_other_sessions(two: tuple[Browser, Browser]) -> None:
    here, there = two
    new = "another long evening"
    here.send("/accounts/password/change/", oldpassword=PASSWORD, password1=new, password2=new)
    assert (is_in(here), is_in(there)) == (True, False)


def test_it_is_written_down_every_five_minutes_when_a_session_was_last_seen(two: tuple[Browser, Browser]) -> None:
    here, _there = two
    here.get("/accounts/")
    before = UserSession.objects.get(ip="192.0.2.1").last_seen_at
    here.get("/accounts/")
    assert UserSession.objects.get(ip="192.0.2.1").last_seen_at == before
    session = here.session
    session[SEEN] -= EVERY_SECONDS + 1
    session.save()
    here.get("/accounts/")
    assert UserSession.objects.get(ip="192.0.2.1").last_seen_at > before


def test_sessions_that_are_over_are_forgotten(two: tuple[Browser, Browser]) -> None:
    Session.objects.filter(pk=two[1].session.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))
    tasks.forget_sessions()
    assert list(UserSession.objects.values_list("ip", flat=True)) == ["192.0.2.1"]
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME, "Chrome on Linux"),
        (f"{CHROME} Edg/140.0", "Edge on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            "Safari on an iPhone",
        ),
        ("curl/8.5.0", "curl"),
        ("", "A program"),
        ("<script>alert(1)</script>", "A program"),
    ],
)
def test_a_browser_has_a_name(user_agent: str, name: str) -> None:
    assert name_of(user_agent) == name


def test_an_address_that_is_none_signs_in_all_the_same() -> None:
    person()
    browser: Any = Browser("not an address")
    assert browser.sign_in().status_code == 302
    assert UserSession.objects.get().ip == "0.0.0.0"
