"""What the pages say of tiers, endpoints and errors is what the code does."""

import re
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.urls import resolve

from apps.accounts import tiers
from apps.accounts.tiers import TIERS
from apps.api.v1.base import ApiView
from apps.api.v1.urls import urlpatterns
from apps.core.errors import PUBLIC_STATUS
from apps.docs import views
from apps.docs.facts import ENDPOINTS, MEANINGS
from apps.webhooks.urls import RULES
from tests.docs.reading import named

PAGES = Path(settings.BASE_DIR) / "templates" / "docs"


def page(path: str) -> str:
    return Client().get(f"/docs{path}").content.decode()


def test_every_public_code_is_described_and_no_other() -> None:
    assert set(MEANINGS) == set(PUBLIC_STATUS)
    assert all(meaning.when and meaning.do for meaning in MEANINGS.values())


def test_the_errors_page_gives_each_code_its_status_and_an_anchor() -> None:
    rows = re.findall(r'<tr[^>]* id="(\w+)".*?<td[^>]*>(\d{3})</td>', page("/errors"), re.DOTALL)
    assert {code: int(status) for code, status in rows} == PUBLIC_STATUS


def test_every_number_of_the_table_of_tiers_is_on_the_limits_page() -> None:
    cells = [cell.text for cell in named(page("/limits"), "td")]
    for tier in TIERS.values():
        for number in (tier.hourly, tier.monthly, tier.active_keys):
            assert f"{number:,}" in cells


def test_tiers_are_read_and_never_typed(monkeypatch) -> None:
    for template in PAGES.rglob("*.html"):
        text = template.read_text()
        assert not [tier for tier in TIERS.values() for n in (tier.hourly, tier.monthly) if f"{n:,} req" in text]
    monkeypatch.setitem(tiers.TIERS, "growth", replace(TIERS["growth"], hourly=123_456))
    views.written.cache_clear()
    try:
        assert "123,456" in page("/limits")
    finally:
        views.written.cache_clear()


def test_every_endpoint_of_the_api_is_documented_with_its_tier() -> None:
    served = {}  # but for those without a schema, which are not open yet
    for route in urlpatterns:
        view = getattr(route.callback, "view_class", None)
        path = re.sub(r"<str:\w+>", "{}", f"/{route.pattern}")
        if view and issubclass(view, ApiView) and view.schema and path != "/openapi.json":  # it has a page of its own
            served[path] = view.minimum_tier
    documented = {re.sub(r"\{\w+\}", "{}", endpoint.path): endpoint.tier for endpoint in ENDPOINTS}
    assert documented == served


def test_every_endpoint_stands_at_the_head_of_its_page() -> None:
    for endpoint in ENDPOINTS:
        heads = re.findall(r'<p class="endpoint">.*?</p>', page(f"/{endpoint.page}"), re.DOTALL)
        (head,) = (head for head in heads if f">/api/v1{endpoint.path}<" in head)
        assert [tier.slug.title() for tier in endpoint.opened_by] == re.findall(r"<span>(\w+)</span>", head)


def test_every_address_of_the_dashboard_that_is_named_is_there() -> None:
    texts = [template.read_text() for template in PAGES.rglob("*.html")]
    addresses = {address for text in texts for address in re.findall(r'href="(/dashboard[^"]*)"', text)}
    assert addresses
    for address in addresses:
        assert resolve(address).namespace == "dashboard"


def test_the_page_of_webhooks_has_every_rule_and_delay_of_the_code() -> None:
    found = named(page("/webhooks"), "dt", "dd", "td")
    texts = [element.text for element in found]
    for reason, sentence in RULES.items():
        assert texts[texts.index(reason) + 1] == sentence
    assert {"1 minute", "5 minutes", "30 minutes", "2 hours", "12 hours"} <= set(texts)
