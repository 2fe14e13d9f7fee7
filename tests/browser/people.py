"""What a person does with the pages: signs up, makes an organisation and a key, signs in, reads a code off an app."""

import base64
import hashlib
import hmac
import struct
import time

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.product import Product

PASSWORD = "correct horse battery staple"


def sign_up(page: Page, product: Product, email: str) -> None:
    """From the front page up to a confirmed address."""
    page.goto("/")
    page.get_by_role("link", name="Get a key").first.click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    page.goto(product.link_to(email, "/accounts/confirm-email/"))
    page.get_by_role("button", name="Yes, confirm it").click()


def make_organization(page: Page, name: str) -> None:
    """After the first sign-in, or from the switcher's page."""
    page.get_by_label("name").fill(name)
    page.get_by_role("button", name="Create it, and go on to its first key").click()
    expect(page.get_by_role("heading", name="API keys", exact=True)).to_be_visible()


def make_key(page: Page) -> str:
    """The first one, by what the page suggests; its secret."""
    page.get_by_role("button", name="Create the key").click()
    return page.locator("#secret").inner_text()


def newcomer(context: BrowserContext, product: Product, name: str) -> Page:
    """The page of somebody with an organisation of this name and a mailbox at it, before the first key."""
    page = context.new_page()
    sign_up(page, product, f"{name.lower()}@example.com")
    make_organization(page, name)
    return page


def sign_in(page: Page, email: str, password: str = PASSWORD, *, at: str = "/dashboard") -> None:
    """By the page that the sign-in leads from."""
    page.goto(at)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def below(page: Page) -> str:
    """The beginning of the addresses of the organisation whose page this is."""
    return "/".join(page.url.split("/")[:5])


def code(secret: str) -> str:
    """What an authenticator app shows now for this secret (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 0xF
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
