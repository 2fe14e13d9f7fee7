"""Every page of the documentation: there, well formed, linked, and in need of nothing the policy forbids."""

import re
from itertools import pairwise
from urllib.parse import urldefrag, urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from apps.docs.catalogue import MENU, PAGES, Page
from apps.docs.headings import contents, linked
from tests.docs.reading import elements, named

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug or "overview")


def html_of(page: Page) -> str:
    response = Client().get(page.address)
    assert response.status_code == 200
    return response.content.decode()


@every_page
def test_a_page_says_what_it_is(page: Page) -> None:
    found = elements(html_of(page))
    (title,) = (element.text for element in found if element.name == "title")
    (about,) = (each.attributes["content"] for each in found if each.attributes.get("name") == "description")
    (heading,) = (element.text for element in found if element.name == "h1")
    assert title == f"{page.title} · BetEdge API"
    assert (about, heading) == (page.about, page.title)
    assert found[0].attributes["lang"] == "en"


def test_no_two_pages_have_the_same_title_description_or_address() -> None:
    for what in ("title", "about", "address"):
        assert len({getattr(page, what) for page in PAGES}) == len(PAGES)


@every_page
def test_the_menu_lists_every_page_and_marks_this_one(page: Page) -> None:
    html = html_of(page)
    for menu in re.findall(r'<nav[^>]*aria-label="Documentation">(.*?)</nav>', html, re.DOTALL):
        links = named(menu, "a")
        assert [link.attributes["href"] for link in links] == [each.address for group in MENU for each in group.pages]
        current = [link.text for link in links if link.attributes.get("aria-current") == "page"]
        assert current == [page.title]


@every_page
def test_headings_go_down_one_level_at_a_time_and_can_be_linked_to(page: Page) -> None:
    headings = named(html_of(page), "h1", "h2", "h3", "h4", "h5", "h6")
    levels = [int(heading.name[1]) for heading in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(heading.text.endswith("#") and heading.attributes["id"] for heading in headings[1:])


@every_page
def test_every_link_leads_somewhere(page: Page, client: Client) -> None:
    html = html_of(page)
    for link in named(html, "a"):
        address, anchor = urldefrag(link.attributes["href"])
        if urlsplit(address).scheme:
            assert address.startswith("https://")
            continue
        response = client.get(address or page.address)
        led_in = response.status_code == 302 and response["Location"].startswith("/accounts/login/?next=/dashboard")
        assert response.status_code == 200 or led_in, address
        if anchor:
            ids = [element.attributes.get("id") for element in elements(response.content.decode())]
            assert ids.count(anchor) == 1, link.attributes["href"]


@every_page
def test_every_id_is_given_once_and_every_reference_meets_one(page: Page) -> None:
    found = elements(html_of(page))
    ids = [element.attributes["id"] for element in found if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert found[[element.name for element in found].index("body") + 1].attributes["href"] == "#main"
    assert "main" in ids


@every_page
def test_a_page_needs_nothing_that_the_policy_forbids(page: Page) -> None:
    for element in elements(html_of(page)):
        assert element.name != "style"
        assert not {name for name in element.attributes if name == "style" or name.startswith("on")}
        if element.name == "script":
            assert element.text == ""
        for source in ("src", "href") if element.name in {"script", "img", "link"} else ():
            address = element.attributes.get(source, "")
            if element.attributes.get("rel") != "canonical" and address:
                assert finders.find(address.removeprefix("/static/")), address


def test_style_sheets_ask_for_nothing_from_elsewhere() -> None:
    for name in ("site/site.css", "vendor/simple-2.3.7.min.css", "docs/docs.css", "docs/docs.js"):
        with open(str(finders.find(name))) as file:
            assert not re.findall(r"https?://|@import (?!url)|url\((?!\"\.\./vendor/)", file.read()), name


@every_page
def test_a_page_may_be_kept_by_anyone_and_is_not_sent_twice(page: Page, client: Client) -> None:
    first = client.get(page.address)
    assert first["Cache-Control"] == "public, max-age=60"
    assert "Cookie" not in first.get("Vary", "")
    again = client.get(page.address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def test_previous_and_next_walk_through_all_pages(client: Client) -> None:
    walked, address = [], "/docs"
    while address:
        links = named(client.get(address).content.decode(), "a")
        onward = {link.attributes["rel"]: link.attributes["href"] for link in links if "rel" in link.attributes}
        assert onward.get("prev") == (walked[-1] if walked else None)
        walked.append(address)
        address = onward.get("next", "")
    assert walked == [page.address for page in PAGES]


@pytest.mark.parametrize("path", ["nowhere", "picks/nowhere", "Picks", "%00", "..%2fpicks", "x" * 2000])
def test_a_page_that_is_not_there_is_told_kindly(client: Client, path: str) -> None:
    response = client.get(f"/docs/{path}")
    assert response.status_code == 404
    links = {link.attributes["href"] for link in named(response.content.decode(), "a")}
    assert {page.address for page in PAGES} <= links


@pytest.mark.parametrize(("path", "to"), [("/docs/", "/docs"), ("/docs/picks/", "/docs/picks")])
def test_a_slash_too_many_is_led_to_the_page(client: Client, path: str, to: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (301, to)


def test_pages_are_only_read(client: Client) -> None:
    assert client.head("/docs/picks").status_code == 200
    assert client.post("/docs/picks").status_code in (403, 405)


def test_a_heading_links_to_itself_and_makes_the_contents() -> None:
    html = '<h2 id="one">One <code>x</code></h2><p>…</p><h3 id="two">Two</h3>'
    assert contents(html) == [("one", "One x")]
    assert '<h3 id="two">Two <a class="anchor" href="#two" aria-label="Link to: Two">#</a></h3>' in linked(html)
