"""Every page that links lead to: axe finds nothing serious, it fits a phone, it is light, and every script runs."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.browser.people import PASSWORD, sign_in, sign_up
from tests.browser.product import Product
from tests.browser.test_ways import a_pick

AXE = Path(__file__).with_name("axe-4.14.1.min.js")
NAMED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/)\d+(?=/)|(?<=^/admin/feed/poll/)\w+")
NO_PAGES = re.compile(  # no pages; the reference, which has tests of its own; what Django makes alike for all models
    r"/accounts/logout|\.csv$|^/static/|^/api/|/docs/.|/recovery-codes/download"
    r"|/admin/jsi18n|^/admin/\w+/$|^/admin/.*/(?:delete|history)/$"
)
MOST_BYTES = 150_000
DESKTOP, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=780)
# On a phone in the dark only what its colours and its width can change.
ON_A_PHONE = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
SERIOUS = """async (asked) => (await axe.run(document, {resultTypes: ["violations"], ...asked})).violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target).slice(0, 3)}`)"""
# As they come over the line. What the browser kept from the page before counts as if it came again.
BYTES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
# What scripts do once something has another size is done in the frame that shows it.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LINKS = "(links) => links.map((link) => link.getAttribute('href'))"
INLINE = re.compile(r"<style|<[^>]+\sstyle=|<[^>]+\son[a-z]+=|<script(?![^>]*(?:\ssrc=|application/json))[^>]*>")
PICTURES = os.environ.get("BETEDGE_PICTURES")  # a folder: each page is photographed there


def kind(address: str) -> str:
    """An address without its ids and its query: pages of one kind are looked at once."""
    return NAMED.sub("*", address.partition("?")[0].partition("#")[0])


def pages_from(page: Page, *starts: str, below: tuple[str, ...]) -> Iterator[str]:
    """One address of every kind of page that links lead to from here, and that lies below one of these addresses."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        address = waiting.pop(0)
        if kind(address) in seen or NO_PAGES.search(kind(address)):
            continue
        seen.add(kind(address))
        answer = page.goto(address)
        assert answer
        assert answer.status < 400 or address in starts, f"{address} is linked, and answers {answer.status}"
        assert not INLINE.findall(answer.text()), f"{address} holds what our policy does not let run"
        yield address
        waiting += [link for link in page.eval_on_selector_all("a[href^='/']", LINKS) if link.startswith(below)]


def faults(page: Page) -> list[str]:
    """What is wrong with the page that is open, on a desktop in light and on a phone in the dark."""
    found = []
    page.add_style_tag(content="* { transition: none !important; }")  # axe reads colours as they stand this moment
    page.emulate_media(color_scheme="light")
    page.evaluate(AXE.read_text())
    found += page.evaluate(SERIOUS, {})
    picture(page, "desktop-light")
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.evaluate(DRAWN)
    found += [f"on a phone in the dark: {fault}" for fault in page.evaluate(SERIOUS, {"runOnly": ON_A_PHONE})]
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        found.append("wider than a phone")
    picture(page, "phone-dark")
    page.set_viewport_size(DESKTOP)
    weight = page.evaluate(BYTES)
    if weight > MOST_BYTES:
        found.append(f"{weight:,} bytes")
    return found


def picture(page: Page, how: str) -> None:
    if PICTURES:
        name = kind(page.url).split("/", 3)[3].replace("/", "_") or "front"
        page.screenshot(path=f"{PICTURES}/{name}-{how}.png", full_page=True)


def walk(page: Page, *starts: str, below: tuple[str, ...]) -> dict[str, list[str]]:
    """What is wrong, by the kind of page."""
    wrong = {kind(address): faults(page) for address in pages_from(page, *starts, below=below)}
    return {address: found for address, found in wrong.items() if found}


@pytest.fixture
def context(browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """A browser in which axe may try styles out, which our policy forbids."""
    with browser.new_context(base_url=product.url, viewport=DESKTOP, bypass_csp=True) as context:
        yield context


@pytest.fixture
def filled(product: Product, tmp_path: Path) -> Product:
    """With a pick in each state, and a call that was refused."""
    picks = [
        a_pick(number=60, status="admin_review"),
        a_pick(number=61, status="published"),
        a_pick(number=62, status="settled", result="win", settled_at="2026-05-25T17:00:00Z"),
    ]
    product.import_picks(tmp_path, picks, "--announce")
    product.status("/nowhere", product.demo["keys"]["growth"])
    return product


def test_what_everybody_may_open(context: BrowserContext, filled: Product) -> None:
    page = context.new_page()
    nowhere = ("/dashboard/invitations/forged", "/accounts/confirm-email/forged/", "/nowhere")
    assert walk(page, "/", "/docs", "/docs/webhooks", *nowhere, below=("/accounts/",)) == {}


def test_what_a_customer_may_open(context: BrowserContext, filled: Product) -> None:
    page = context.new_page()
    customer = filled.demo["customer"]
    sign_in(page, customer["email"], customer["password"])
    organization = filled.demo_organization("growth")
    start = f"/dashboard/{organization}/api-keys"
    assert walk(page, start, "/accounts/", below=("/dashboard", "/accounts/")) == {}


def test_what_a_newcomer_sees_while_everything_is_empty(context: BrowserContext, product: Product) -> None:
    page = context.new_page()
    sign_up(page, product, "empty@example.com")
    page.get_by_label("name").fill("Empty")
    page.get_by_role("button", name=re.compile("Create it")).click()
    start = page.url.replace(product.url, "")
    assert walk(page, start, below=(start.rpartition("/")[0],)) == {}
    assert PASSWORD not in page.content()


def test_what_staff_may_open(context: BrowserContext, filled: Product) -> None:
    page = context.new_page()
    admin = filled.demo["admin"]
    sign_in(page, admin["email"], admin["password"], at="/admin/")
    assert walk(page, "/admin/", below=("/admin/",)) == {}
