"""The record in the dashboard: the numbers of GET /track-record to the digit, for the tiers that it is part of."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis import Redis

from apps.accounts.models import Organization
from apps.picks.rollup import rebuild
from bench.filling import fill
from tests.dashboard.people import address, person, signed_in
from tests.docs.reading import elements, named
from tests.factories import ApiKeyFactory, FixtureFactory, OrganizationFactory, PickFactory

pytestmark = pytest.mark.django_db
RESULTS = {"win": "0.91", "half_win": "0.455", "push": "0", "half_loss": "-0.5", "loss": "-1", "void": "0"}


@pytest.fixture
def acme() -> Organization:
    return OrganizationFactory(tier="growth")


@pytest.fixture
def client(acme: Organization) -> Client:
    return signed_in(person("viewer@example.com", acme, role="viewer"))


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """One instant for the page and for the API."""
    instant = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: instant)
    return instant


def settled(at: datetime, result: str, **fields: Any) -> None:
    fields = {"clv": Decimal("0.0213"), **fields}
    kickoff = at - timedelta(hours=2)
    PickFactory(
        settled=True, kickoff_at=kickoff, settled_at=at, result=result, profit=Decimal(RESULTS[result]), **fields
    )


def a_month(now: datetime) -> None:
    for number, result in enumerate([*RESULTS] * 8):
        sport = ("soccer", "tennis", "ice-hockey")[number % 3]
        clv = None if number % 5 == 0 else Decimal(number - 20) / 1000
        settled(now - timedelta(hours=17 * number), result, sport=sport, clv=clv)
    rebuild()


def shown(client: Client, acme: Organization, **asked: Any) -> str:
    answer = client.get(address(acme, "track-record"), asked)
    assert answer.status_code == 200
    return str(answer.content.decode())


def number(text: str) -> float | None:
    text = text.replace(" %", "").replace(",", "").strip()
    return None if text == "–" else float(text)


@pytest.mark.parametrize(
    "asked", [{}, {"days_back": "7"}, {"days_back": "365"}, {"days_back": "90", "sport": "tennis"}]
)
def test_every_number_is_the_apis(
    client: Client, acme: Organization, now: datetime, redis: "Redis[str]", asked: dict[str, str]
) -> None:
    a_month(now)
    key = {"Authorization": f"Bearer {ApiKeyFactory(organization=acme).secret}"}
    answer = Client().get("/api/v1/track-record", asked, headers=key).json()
    html = shown(client, acme, **asked)
    by_class = {
        name: [number(span.text.removeprefix("±").removesuffix("standard error")) for span in named(html, "span")
               if span.attributes.get("class") == name]
        for name in ("value", "error")
    }  # fmt: skip
    overall = answer["overall"]
    names = ("total_settled", "roi_pct", "clv_avg_pct", "beat_close_pct", "win_rate", "edge_avg_pct")
    assert by_class["value"] == [overall[name] for name in names]
    assert by_class["error"] == [overall["roi_se_pct"], overall["clv_se_pct"]]
    cells = [cell.text.strip() for cell in named(html, "th", "td") if cell.attributes.get("scope") != "col"]
    expected = [[row["date"], row["cumulative_pnl_pct"]] for row in answer["series"]]
    expected += [[row["sport"], row["total_settled"], row["roi_pct"]] for row in answer["per_sport"]]
    flat = [value for row in expected for value in row]
    assert [number(cell) if isinstance(value, float | int) else cell
            for cell, value in zip(cells, flat, strict=True)] == flat  # fmt: skip


def test_the_picture_ends_where_the_series_does(client: Client, acme: Organization, now: datetime) -> None:
    a_month(now)
    html = shown(client, acme)
    (drawn,) = [json.loads(script.text) for script in named(html, "script") if script.attributes.get("id")]
    assert f"{drawn['series'][0]['values'][-1]:.2f}" in [cell.text for cell in named(html, "td")]
    assert len(drawn["x"]) == len(drawn["series"][0]["band"][0]) == len(drawn["series"][0]["band"][1])


def test_starter_is_told_where_the_record_is_open(client: Client, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(tier="starter")
    html = shown(client, acme)
    links = {link.attributes["href"] for link in named(html, "a")}
    assert {"/#record", address(acme, "plan")} <= links
    assert "part of Growth and Enterprise" in html


def test_with_nothing_settled_it_says_where_to_look(client: Client, acme: Organization) -> None:
    assert "Nothing was settled in this time." in shown(client, acme)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"days_back": "8"}, "Choose 7, 30, 90 or 365 days"),
        ({"days_back": "ten"}, "Choose 7, 30, 90 or 365 days"),
        ({"sport": "<b>x"}, "There are no picks of this sport"),
    ],
)
def test_what_cannot_be_read_is_said(client: Client, acme: Organization, asked: dict[str, str], said: str) -> None:
    html = shown(client, acme, **asked)
    assert said in html
    assert "<b>x" not in html


def test_invented_matches_are_called_so_where_they_count(client: Client, acme: Organization, now: datetime) -> None:
    settled(now - timedelta(days=20), "win", fixture=FixtureFactory(origin="sandbox"))
    settled(now - timedelta(days=1), "loss")
    settled(now - timedelta(days=2), "void", fixture=FixtureFactory(origin="sandbox"))
    rebuild()
    assert "Sandbox data" in shown(client, acme)
    assert "Sandbox data" not in shown(client, acme, days_back=7)


def test_a_year_costs_no_more_queries(
    client: Client, acme: Organization, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    with connection.cursor() as cursor:
        fill(cursor.execute, 3_000)
    shown(client, acme)
    with django_assert_max_num_queries(9):
        html = shown(client, acme, days_back=365)
    elements(html)
    assert len(html.encode()) < 60_000
