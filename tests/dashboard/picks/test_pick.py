"""The page of one pick: everything that is kept about it, and nothing of one that is not out."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.accounts.models import Organization
from apps.picks.models import OUT, Pick, Status
from apps.picks.services import settle_pick
from tests.dashboard.people import address, person, signed_in
from tests.docs.reading import elements, named
from tests.factories import KICKOFF, FixtureFactory, OrganizationFactory, PickFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


@pytest.fixture
def acme() -> Organization:
    return OrganizationFactory(tier="growth")


@pytest.fixture
def client(acme: Organization) -> Client:
    return signed_in(person("viewer@example.com", acme, role="viewer"))


def shown(client: Client, acme: Organization, pick: Pick) -> str:
    answer = client.get(address(acme, f"picks/{pick.pk}"))
    assert answer.status_code == 200
    return str(answer.content.decode())


def facts(html: str) -> dict[str, str]:
    names, values = named(html, "dt"), named(html, "dd")
    return {name.text: " ".join(value.text.split()) for name, value in zip(names, values, strict=True)}


def test_all_fields_stand_there(client: Client, acme: Organization) -> None:
    pick = PickFactory(settled=True, clv=Decimal("0.0213"), closing_fair_odds=Decimal("1.87016"))
    found = facts(shown(client, acme, pick))
    assert found["Match"] == "Arsenal v Chelsea"
    assert found["Odds"] == "1.91, on offer at a bookmaker when it was picked"
    assert found["Fair odds"].startswith("1.833, from Pinnacle with the margin removed by the power method")
    assert (found["Edge"], found["Confidence"]) == ("4.20 %", "3 of 5")
    assert found["Result"].startswith("Win +0.91 units, settled 25 May 2026 17:00 UTC")
    assert found["Closing line value"] == "+2.13 %: Pinnacle closed at fair odds of 1.870"
    assert found["Id"] == str(pick.pk)


def test_an_anchor_that_is_not_pinnacle_is_not_called_so(client: Client, acme: Organization) -> None:
    html = shown(client, acme, PickFactory(published=True, anchor="consensus", analysis=""))
    assert "The market&#x27;s consensus" in html
    assert "Pinnacle" not in html


def test_without_a_closing_line_the_reason_is_given(client: Client, acme: Organization) -> None:
    pick = PickFactory(settled=True, clv_missing="the anchor had withdrawn its line")
    assert facts(shown(client, acme, pick))["Closing line value"] == "None: the anchor had withdrawn its line"


def test_a_pick_that_is_open_promises_nothing(client: Client, acme: Organization) -> None:
    found = facts(shown(client, acme, PickFactory(published=True)))
    assert found["Result"] == "Open until the match is over"
    assert found["Closing line value"] == "Known when it is settled"


def test_a_correction_leaves_the_first_settlement_readable(client: Client, acme: Organization) -> None:
    pick = PickFactory(published=True)
    staff = User.objects.create_user("reviewer-with-a-name")
    after = KICKOFF + timedelta(hours=3)
    settle_pick(pick_id=pick.pk, result="loss", now=after, rule="score")
    settle_pick(pick_id=pick.pk, result="win", now=after + timedelta(hours=1), by=staff, reason="A private note.")
    html = shown(client, acme, pick)
    counts = [cell.text for cell in named(html, "td") if cell.attributes["data-column"] == "Counts"]
    results = [cell.text for cell in named(html, "td") if cell.attributes["data-column"] == "Result"]
    assert list(zip(results, counts, strict=True)) == [("Loss", "No, corrected"), ("Win", "Yes")]
    assert "By the score" in html
    assert "reviewer-with-a-name" not in html
    assert "A private note" not in html


def test_the_analysis_is_for_growth_and_up(client: Client, acme: Organization) -> None:
    pick = PickFactory(published=True, analysis="What would make it wrong.")
    assert "What would make it wrong." in shown(client, acme, pick)
    Organization.objects.filter(pk=acme.pk).update(tier="starter")
    html = shown(client, acme, pick)
    assert "What would make it wrong." not in html
    assert "Match analyses are part of Growth and Enterprise." in html
    assert address(acme, "plan") in html


@pytest.mark.parametrize("status", [status for status in Status if status not in OUT])
def test_a_pick_that_is_not_out_is_not_there(client: Client, acme: Organization, status: str) -> None:
    assert client.get(address(acme, f"picks/{PickFactory(status=status).pk}")).status_code == 404


def test_an_unknown_pick_is_not_there(client: Client, acme: Organization) -> None:
    assert client.get(address(acme, f"picks/{uuid4()}")).status_code == 404


def test_an_invented_match_is_called_so(client: Client, acme: Organization) -> None:
    pick = PickFactory(published=True, fixture=FixtureFactory(origin="sandbox"))
    assert "Sandbox data:" in shown(client, acme, pick)


def test_hostile_words_stay_text(client: Client, acme: Organization) -> None:
    fixture = FixtureFactory(home_team=HOSTILE, away_team=HOSTILE, league=HOSTILE)
    short = "<b onx=1>"
    pick = PickFactory(
        settled=True, fixture=fixture, league=HOSTILE, selection=HOSTILE, analysis=f"{HOSTILE}\n\n{HOSTILE}",
        anchor=short, book=short, method=short, clv_missing=HOSTILE,
    )  # fmt: skip
    html = shown(client, acme, pick)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert short not in html
    elements(html)


def test_its_page_takes_a_bounded_number_of_queries(
    client: Client, acme: Organization, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    pick = PickFactory(settled=True)
    shown(client, acme, pick)
    with django_assert_max_num_queries(8):
        shown(client, acme, pick)
