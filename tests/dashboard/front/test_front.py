"""The front page: for everybody, kept for a moment, honest about how much is known, and light."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis import Redis

from apps.accounts.tiers import OPENS, TIERS, reaches
from apps.dashboard.front import facts
from apps.picks.rollup import rebuild
from apps.picks.track import track_record
from bench.filling import fill
from tests.dashboard.people import person, signed_in
from tests.docs.reading import elements, named
from tests.factories import ApiKeyFactory, FixtureFactory, OrganizationFactory, PickFactory

pytestmark = pytest.mark.django_db
HOSTILE = "</code><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


@pytest.fixture(autouse=True)
def read_afresh() -> Iterator[None]:
    for kept in (facts.facts, facts.written):
        kept.cache_clear()
    yield
    for kept in (facts.facts, facts.written):
        kept.cache_clear()


def shown(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def settled(days_ago: float = 2, **fields: Any) -> Any:
    at = timezone.now() - timedelta(days=days_ago)
    return PickFactory(settled=True, kickoff_at=at - timedelta(hours=2), settled_at=at, **fields)


def example(html: str) -> Any:
    label = "The pick that was settled last, as JSON"
    (shown_as,) = [each.text for each in named(html, "pre") if each.attributes.get("aria-label") == label]
    return json.loads(shown_as)


def test_a_visitor_is_led_to_a_key_and_to_the_docs(client: Client) -> None:
    links = {link.text.strip(): link.attributes["href"] for link in named(shown(client), "a")}
    assert (links["Get a key"], links["Read the docs"]) == ("/accounts/signup/", "/docs")
    assert client.get(links["Get a key"]).status_code == 200


def test_who_is_signed_in_is_led_to_their_keys() -> None:
    somebody = signed_in(person("owner@example.com", OrganizationFactory()))
    links = {link.text.strip(): link.attributes["href"] for link in named(shown(somebody), "a")}
    assert links["Get a key"] == "/dashboard/api-keys"
    assert "Sign up" not in links


def test_with_nothing_settled_nothing_is_claimed(client: Client) -> None:
    PickFactory(published=True)
    html = shown(client)
    assert "No pick has been settled yet." in html
    assert "standard error</span>" not in html
    assert "data-chart" not in html
    assert "8c2f6f0e" in html  # the documentation's example stands in


def test_the_record_is_the_apis_over_a_year(client: Client) -> None:
    for number in range(30):
        result, profit = ("win", "0.91") if number % 2 else ("loss", "-1")
        settled(number * 11, result=result, profit=Decimal(profit), clv=Decimal(number - 3) / 1000)
    settled(366, result="win")
    rebuild()
    html = shown(client)
    now = timezone.now()
    overall = track_record(sport=None, days_back=365, now=now)["overall"]
    values = [span.text for span in named(html, "span") if span.attributes.get("class") == "value"]
    assert values[:2] == [str(overall["total_settled"]), f"{overall['roi_pct']:+.2f} %"]
    assert overall["total_settled"] == 30
    assert f"± {overall['roi_se_pct']:.2f} standard error" in html
    assert f"± {2 * overall['roi_se_pct']:.2f} points (two standard errors)" in html
    assert "Sandbox data" not in html


def test_the_example_is_the_newest_settled_pick_as_the_api_gives_it(client: Client, redis: "Redis[str]") -> None:
    settled(3, league="Older")
    pick = settled(1, fixture=FixtureFactory(home_team="Málaga", origin="sandbox"))
    PickFactory(published=True, kickoff_at=timezone.now() + timedelta(days=1))  # what is not over yet is for customers
    key = {"Authorization": f"Bearer {ApiKeyFactory().secret}"}
    html = shown(client)
    assert example(html) == client.get(f"/api/v1/picks/{pick.pk}", headers=key).json()
    assert "Málaga" in html


def test_invented_matches_are_called_so(client: Client) -> None:
    settled(fixture=FixtureFactory(origin="sandbox"))
    rebuild()
    assert shown(client).count("andbox data") == 2  # at the chart and at the example


def test_samples_hold_our_address_and_run(client: Client) -> None:
    html = shown(client)
    assert f"{settings.BETEDGE_PUBLIC_URL}/api/v1/picks?limit=1" in "".join(pre.text for pre in named(html, "pre"))
    languages = [panel.attributes.get("data-language") for panel in named(html, "div")]
    assert [language for language in languages if language] == ["curl", "JavaScript", "Python"]


def test_tiers_open_what_the_api_opens(client: Client) -> None:
    html = shown(client)
    words = [" ".join(cell.text.split()) for cell in named(html, "td")]
    for tier in TIERS.values():
        assert {f"{tier.hourly:,}", f"{tier.monthly:,}", str(tier.active_keys)} <= set(words)
    said = [each.text for each in named(html, "th")]
    for lowest, openings in OPENS.items():
        for opening in openings:
            assert opening.words in said
            assert (opening.words, [(tier, reaches(tier.slug, lowest)) for tier in TIERS.values()]) in facts.opened()


def test_a_visitors_page_may_be_kept_and_leaves_no_cookie(client: Client) -> None:
    answer = client.get("/")
    assert answer["Cache-Control"] == "public, max-age=30"
    assert "Cookie" in answer["Vary"]
    assert not answer.cookies


def test_a_members_page_is_kept_by_nobody() -> None:
    answer = signed_in(person("owner@example.com", OrganizationFactory())).get("/")
    assert answer["Cache-Control"] == "private, no-store"
    assert "Cookie" in answer["Vary"]


def test_visitors_cost_no_query_until_the_facts_are_old(
    client: Client, django_assert_max_num_queries: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: now)
    with django_assert_max_num_queries(4):
        shown(client)
    now += timedelta(seconds=29)
    with django_assert_max_num_queries(0):
        shown(client)
    settled()
    now += timedelta(seconds=1)
    assert example(shown(client))["status"] == "settled"


def test_hostile_names_stay_text(client: Client) -> None:
    settled(league=HOSTILE, selection=HOSTILE, fixture=FixtureFactory(home_team=HOSTILE, away_team=HOSTILE))
    rebuild()
    html = shown(client)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert example(html)["pick"] == HOSTILE


def test_it_says_what_it_is_to_machines_too(client: Client) -> None:
    found = elements(shown(client))
    (about,) = (each.attributes["content"] for each in found if each.attributes.get("name") == "description")
    (canonical,) = (each.attributes["href"] for each in found if each.attributes.get("rel") == "canonical")
    assert 50 < len(about) < 200
    assert canonical == f"{settings.BETEDGE_PUBLIC_URL}/"


def test_nothing_on_it_is_forbidden_by_the_policy_and_every_link_leads_somewhere(client: Client) -> None:
    settled()
    rebuild()
    found = elements(shown(client))
    for element in found:
        assert element.name != "style"
        assert not {name for name in element.attributes if name == "style" or name.startswith("on")}
        if element.name == "script" and "src" not in element.attributes:
            assert element.attributes["type"] == "application/json"
    ids = [element.attributes["id"] for element in found if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for link in (element.attributes["href"] for element in found if element.name == "a"):
        if not link.startswith("#"):
            assert client.get(link, follow=True).status_code == 200, link


def test_a_year_of_days_stays_under_150_kilobytes(client: Client) -> None:
    with connection.cursor() as cursor:
        fill(cursor.execute, 3_000)
    html = shown(client)
    wanted = [
        each.attributes.get("src") or each.attributes.get("href", "") for each in named(html, "script", "link", "img")
    ]
    files = {path.removeprefix("/static/") for path in wanted if path.startswith("/static/")}
    files |= {"vendor/simple-2.3.7.min.css"}  # which the style sheet asks for
    sizes = [len(Path(str(finders.find(file))).read_bytes()) for file in files]
    assert len(html.encode()) + sum(sizes) < 150_000
    assert len(gzip.compress(html.encode())) < 15_000


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 405


def test_crawlers_are_kept_out_of_what_is_not_for_them(client: Client) -> None:
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().splitlines() == [
        "User-agent: *", "Disallow: /accounts/", "Disallow: /admin/", "Disallow: /api/", "Disallow: /dashboard",
    ]  # fmt: skip
