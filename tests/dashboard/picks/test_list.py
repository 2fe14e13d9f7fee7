"""The list of picks: the API's filters, its pages and its order, in words."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.models import Organization
from apps.dashboard.picks import forms
from apps.picks.models import Outcome, Status
from bench.filling import fill
from tests.dashboard.people import address, person, signed_in
from tests.docs.reading import Element, elements, named
from tests.factories import KICKOFF, FixtureFactory, OrganizationFactory, PickFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


@pytest.fixture
def acme() -> Organization:
    return OrganizationFactory(tier="starter")


@pytest.fixture
def client(acme: Organization) -> Client:
    return signed_in(person("viewer@example.com", acme, role="viewer"))


def shown(client: Client, acme: Organization, **asked: Any) -> str:
    answer = client.get(address(acme, "picks"), asked)
    assert answer.status_code == 200
    return str(answer.content.decode())


def rows(html: str) -> list[Element]:
    return [element for element in named(html, "th") if element.attributes.get("scope") == "row"]


def matches(html: str) -> list[str]:
    """Each row's match and, in its own line, its league."""
    return [" / ".join(line.strip() for line in row.text.splitlines() if line.strip()) for row in rows(html)]


def cells(html: str, column: str) -> list[str]:
    return [cell.text.strip() for cell in named(html, "td") if cell.attributes.get("data-column") == column]


def test_without_picks_it_says_what_to_do_next(client: Client, acme: Organization) -> None:
    html = shown(client, acme)
    assert "There are no picks yet." in html
    assert address(acme, "api-keys") in html


def test_a_pick_is_shown_in_words(client: Client, acme: Organization) -> None:
    PickFactory(settled=True)
    html = shown(client, acme)
    assert matches(html) == ["Arsenal v Chelsea / Premier League"]
    found = {column: cells(html, column) for column in ("Kick-off", "Odds", "Edge", "Confidence", "Result")}
    assert found["Kick-off"] == ["25 May 2026 15:00 UTC"]
    assert (found["Odds"], found["Edge"], found["Confidence"]) == (["1.91"], ["4.20 %"], ["3 of 5"])
    assert found["Result"] == ["Win +0.91"]


def test_what_is_not_out_is_not_listed(client: Client, acme: Organization) -> None:
    for status in (Status.REVIEW, Status.REJECTED, Status.EXPIRED):
        PickFactory(status=status)
    assert "There are no picks yet." in shown(client, acme)


def test_filters_are_the_apis(client: Client, acme: Organization) -> None:
    PickFactory(published=True, league="La Liga")
    PickFactory(published=True, sport="tennis", league="Wimbledon")
    PickFactory(published=True, kickoff_at=KICKOFF - timedelta(days=9))
    assert matches(shown(client, acme, league="la liga")) == ["Arsenal v Chelsea / La Liga"]
    assert matches(shown(client, acme, sport="tennis")) == ["Arsenal v Chelsea / Wimbledon"]
    assert len(rows(shown(client, acme, since="2026-05-20"))) == 2
    assert "No pick matches." in shown(client, acme, sport="tennis", league="La Liga")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sport": "quidditch"}, "There are no picks of this sport: choose one of the list."),
        ({"since": "soon"}, "Enter a valid date."),
        ({"league": "x\0"}, "Null characters are not allowed."),
        ({"before": "soon"}, "begin again with the newest pick"),
        ({"before": "2026-05-25T15:00:00Z", "behind": "7"}, "begin again with the newest pick"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_listed(
    client: Client, acme: Organization, asked: dict[str, str], said: str
) -> None:
    PickFactory(published=True)
    html = unescape(shown(client, acme, **asked))
    assert said in html
    assert rows(html) == []


def test_pages_hold_every_pick_once_in_the_apis_order(
    client: Client, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "PAGE", 3)
    for number in range(10):  # several kick off together, some at a fraction of a millisecond
        PickFactory(published=True, kickoff_at=KICKOFF + timedelta(microseconds=number // 4))
    walked: list[str] = []
    asked: dict[str, str] | None = {"sport": "soccer"}
    while asked is not None:
        html = shown(client, acme, **asked)
        walked += [link.attributes["href"] for link in named(html, "a") if "/picks/" in link.attributes["href"]]
        onward = [link.attributes["href"] for link in named(html, "a") if link.attributes.get("rel") == "next"]
        asked = dict(parse_qsl(urlsplit(onward[0]).query)) if onward else None
    expected = forms.page_of_picks(sport=None, league=None, since=None, after=None, limit=10).picks
    assert walked == [address(acme, f"picks/{pick.pk}") for pick in expected]


def test_the_command_asks_the_same_and_no_filter_can_break_out_of_it(client: Client, acme: Organization) -> None:
    PickFactory(published=True)
    league = "x' $(touch broken) `id` \" ; #"
    html = shown(client, acme, league=league, sport="soccer", since="2026-05-01")
    (command,) = [element.text for element in elements(html) if element.attributes.get("id") == "curl"]
    words = subprocess.run(
        ["/bin/sh", "-c", f"curl() {{ printf '%s\\n' \"$@\"; }}\n{command}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert words == [
        "--get",
        "http://127.0.0.1:8000/api/v1/picks",
        *("--data-urlencode", "sport=soccer", "--data-urlencode", f"league={league}"),
        *("--data-urlencode", "since=2026-05-01", "-H", "Authorization: Bearer betedge_<your_api_key>"),
    ]


def test_invented_matches_are_called_so(client: Client, acme: Organization) -> None:
    PickFactory(published=True, fixture=FixtureFactory(origin="sandbox"))
    assert "sandbox" in rows(shown(client, acme))[0].text


def test_hostile_names_stay_text(client: Client, acme: Organization) -> None:
    fixture = FixtureFactory(home_team=HOSTILE, away_team=HOSTILE, league=HOSTILE)
    PickFactory(published=True, fixture=fixture, league=HOSTILE, selection=HOSTILE)
    for html in (shown(client, acme), shown(client, acme, league=HOSTILE), shown(client, acme, league="<b>" + HOSTILE)):
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        elements(html)  # well formed all the same


@pytest.mark.parametrize("outcome", Outcome.values)
def test_every_result_has_its_word(client: Client, acme: Organization, outcome: str) -> None:
    PickFactory(settled=True, result=outcome)
    assert cells(shown(client, acme), "Result")[0].lower().startswith(outcome.replace("_", " "))


def test_a_year_of_picks_costs_no_more_queries(
    client: Client, acme: Organization, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    with connection.cursor() as cursor:
        fill(cursor.execute, 3_000)
    shown(client, acme)  # signing in is noted once
    with django_assert_max_num_queries(9):
        html = shown(client, acme)
    assert len(rows(html)) == forms.PAGE
    assert len(html.encode()) < 80_000
    with django_assert_max_num_queries(10):  # of the first day the picks themselves are counted
        shown(client, acme, sport="soccer", since="2026-01-01", before="2026-05-25T15:00:00Z")
