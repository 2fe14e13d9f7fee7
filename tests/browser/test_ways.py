"""The ways that people go through the product, in a real browser before a whole running one."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.api.event_source_proxy import proxy
from tests.api.test_samples import REFERENCE
from tests.api.test_stream_samples import HOST, SAYS_OPEN, sample
from tests.browser.people import PASSWORD, below, code, make_key, newcomer, sign_in, sign_up
from tests.browser.product import Product, until
from tests.picks.lines import line

Somebody = Callable[[], BrowserContext]
TOUCHED = {  # a device that holds passkeys, and whose owner touches it whenever it asks
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PICK_ID = "6f1d2b3c-0a4e-4c58-9d7e-1f2a3b4c5d6e"
SINK = "https://sink.betedge.test:8443"


def test_from_the_front_page_to_a_first_call_that_is_seen(context: BrowserContext, product: Product) -> None:
    page = newcomer(context, product, "Acme")
    secret = make_key(page)
    expect(page.get_by_text("Waiting for the first request with this key")).to_be_visible()
    assert f"Bearer {secret}" in page.locator("#call").inner_text()
    page.get_by_role("button", name="Copy the call").click()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#call").inner_text().strip()

    assert product.status("/picks", secret) == 200
    expect(page.get_by_text("First request received")).to_be_visible()
    page.get_by_role("link", name="The key's page", exact=True).click()
    expect(page.get_by_text("99 of 100 left")).to_be_visible()
    assert secret not in page.content()


def test_a_key_is_rotated_and_its_old_secret_ended(context: BrowserContext, product: Product) -> None:
    page = newcomer(context, product, "Rota")
    old = make_key(page)
    page.get_by_role("link", name="go to the key's page").click()
    page.get_by_role("link", name="Rotate", exact=True).click()
    page.get_by_role("button", name="Rotate, and show the new secret").click()
    new = page.locator("#secret").inner_text()
    assert [product.status("/picks", secret) for secret in (old, new)] == [200, 200]

    page.reload()  # the browser sends the form again, and nothing is done twice
    expect(page.get_by_role("heading", name="This was done already")).to_be_visible()
    assert product.status("/picks", new) == 200
    page.get_by_role("link", name="Go to").click()
    expect(page.get_by_text("somebody still uses it")).to_be_visible()
    page.get_by_role("button", name="End the old secret now").click()
    assert [product.status("/picks", secret) for secret in (old, new)] == [401, 200]


def test_a_key_is_revoked_and_stays_so_whatever_the_back_button_shows(
    context: BrowserContext, product: Product
) -> None:
    page = newcomer(context, product, "Revo")
    secret = make_key(page)
    assert product.status("/picks", secret) == 200
    page.get_by_role("link", name="go to the key's page").click()
    page.get_by_role("link", name="Revoke", exact=True).click()
    page.get_by_label(re.compile("name", re.IGNORECASE)).fill("something else")
    page.get_by_role("button", name="Revoke this key for good").click()
    assert product.status("/picks", secret) == 200
    page.goto(page.url)
    page.get_by_label(re.compile("name", re.IGNORECASE)).fill("My first key")
    page.get_by_role("button", name="Revoke this key for good").click()
    expect(page.get_by_role("heading", name="Receipt of the revocation")).to_be_visible()
    assert product.status("/picks", secret) == 401

    page.go_back()  # to the form, which is read afresh and knows
    expect(page.get_by_role("heading")).not_to_have_count(0)
    expect(page.get_by_role("button", name="Revoke this key for good")).to_have_count(0)
    page.goto(below(page) + "/api-keys")
    expect(page.get_by_text("revoked").first).to_be_attached()


def test_a_webhook_is_made_tested_fails_is_exhausted_enabled_and_gets_what_it_missed(
    context: BrowserContext, product: Product, tmp_path: Path
) -> None:
    customer = product.demo["customer"]
    page = context.new_page()
    sign_in(page, customer["email"], customer["password"])
    open_organization(page, "Demo Growth")
    page.get_by_role("link", name="Webhooks", exact=True).click()
    page.get_by_role("link", name="Create a webhook").click()
    page.get_by_label("URL").fill(f"{SINK}/ways")
    for event in ("pick.published", "pick.settled"):
        page.get_by_label(re.compile(re.escape(event))).check()
    page.get_by_role("button", name="Create the webhook").click()
    product.sink.learn(page.locator("#secret").inner_text(), path="/ways")
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("It arrived.")).to_be_visible()

    product.sink.behave("500", path="/ways")
    product.import_picks(tmp_path, [a_pick(status="published")], "--announce")
    page.get_by_role("link", name="Done: go to the webhook").click()
    until(lambda: page.reload() and page.get_by_role("alert").filter(has_text="/ways").count())
    product.link_to(customer["email"], "/dashboard/")  # its owner is told by mail too
    page.get_by_role("link", name="Audit log").click()
    page.get_by_role("link", name="See why, and enable it").click()
    expect(page.get_by_text("500").first).to_be_visible()

    product.sink.behave("ok", path="/ways")
    page.get_by_role("button", name=re.compile("Enable")).click()
    arrived = until(
        lambda: [
            arrival
            for arrival in product.sink.arrivals()
            if (arrival["path"], arrival["answered"]) == ("/ways", "200")
            and arrival["headers"]["x-betedge-event"] == "pick.published"
        ]
    )
    assert len(arrived) == 1
    until(lambda: page.reload() and page.get_by_text("delivered", exact=False).count())
    expect(page.get_by_role("alert").filter(has_text="/ways")).to_have_count(0)


def test_somebody_is_invited_accepts_and_may_do_what_the_role_says(
    context: BrowserContext, another: Somebody, product: Product
) -> None:
    owner = newcomer(context, product, "Inviters")
    make_key(owner)
    owner.get_by_role("link", name="Team", exact=True).click()
    owner.get_by_label("E-mail address").fill("guest@example.com")
    owner.get_by_label("Role", exact=True).select_option("viewer")
    owner.get_by_role("button", name="Send the invitation").click()
    link = product.link_to("guest@example.com", "/dashboard/invitations/")

    guest = another().new_page()
    sign_up(guest, product, "guest@example.com")
    guest.goto(link)
    guest.get_by_role("button", name=re.compile("Join")).click()
    guest.goto(below(owner) + "/api-keys")
    expect(guest.get_by_role("link", name="My first key")).to_be_visible()
    expect(guest.get_by_role("link", name="Create a key")).to_have_count(0)
    guest.goto(below(owner) + "/api-keys/new")
    expect(guest.get_by_role("heading", name="Not with your role")).to_be_visible()

    owner.reload()
    owner.get_by_label("Role of guest@example.com").select_option("developer")
    owner.get_by_role("button", name="Change", exact=True).click()
    guest.reload()
    expect(guest.get_by_role("heading", name="Create a key")).to_be_visible()


def test_two_factors_are_set_up_asked_for_and_recovered_from(
    context: BrowserContext, another: Somebody, product: Product
) -> None:
    page = newcomer(context, product, "Factors")
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Set it up").click()
    confirm_who(page)
    secret = page.locator("#authenticator_secret").inner_text()
    page.get_by_label("Code", exact=True).fill(code(secret))
    page.get_by_role("button", name="Turn it on").click()
    spare = page.locator("#recovery_codes li").first.inner_text().strip()

    elsewhere = another().new_page()
    sign_in(elsewhere, "factors@example.com")
    expect(elsewhere.get_by_role("heading", name="Your second factor")).to_be_visible()
    elsewhere.goto("/dashboard")
    expect(elsewhere.get_by_role("heading", name="Your second factor")).to_be_visible()  # half a sign-in is none
    elsewhere.get_by_label("Code", exact=True).fill(spare)
    elsewhere.get_by_role("button", name="Sign in").click()
    expect(elsewhere.get_by_role("heading", name="API keys", exact=True)).to_be_visible()

    page.goto("/accounts/sessions/")
    page.get_by_role("button", name="Sign out everywhere else").click()
    elsewhere.reload()
    expect(elsewhere.get_by_label("E-mail address")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_alone(context: BrowserContext, product: Product) -> None:
    page = newcomer(context, product, "Keyholders")
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": TOUCHED})
    local = product.url.replace("127.0.0.1", "localhost")  # to browsers a passkey is of a name, never of a number
    sign_in(page, "keyholders@example.com", at=f"{local}/accounts/login/?next=/accounts/2fa/")
    page.get_by_role("link", name="Add one").click()
    confirm_who(page)
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Add it").click()
    page.locator("#recovery_codes li").first.wait_for()

    page.locator(".you summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{local}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="API keys", exact=True)).to_be_visible()


def test_another_tier_is_asked_for_granted_and_opens_its_endpoints(
    context: BrowserContext, another: Somebody, product: Product
) -> None:
    page = newcomer(context, product, "Growers")
    secret = make_key(page)
    assert product.status("/track-record", secret) == 403
    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_role("link", name="Ask for Growth").click()
    page.get_by_role("main").get_by_role("button").first.click()

    staff = another().new_page()
    sign_in(staff, product.demo["admin"]["email"], product.demo["admin"]["password"], at="/admin/")
    staff.goto("/admin/accounts/tierrequest/")
    staff.get_by_role("link", name=re.compile("Growers")).click()
    staff.get_by_role("button", name=re.compile("Grant")).click()
    assert product.status("/track-record", secret) == 200
    page.reload()
    expect(page.get_by_text("granted").first).to_be_visible()


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference's text does not lie beside this checkout")
def test_the_references_event_source_hears_of_a_pick_through_a_proxy_that_adds_the_key(
    context: BrowserContext, product: Product, tmp_path: Path
) -> None:
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text))
    printed = sample("const evtSource", "import sseclient")
    with proxy(product.stack.port, product.demo["keys"]["enterprise"]) as address:
        page.goto(f"{address}/healthz")
        page.evaluate(f"() => {{ {printed.replace(HOST, address)}\n {SAYS_OPEN} }}")
        until(lambda: page.wait_for_timeout(100) or "open" in heard)
        product.import_picks(tmp_path, [a_pick(number=50, status="published", id=PICK_ID)], "--announce")
        until(lambda: page.wait_for_timeout(100) or f"New pick: {PICK_ID}" in heard)
        page.goto("about:blank")


def confirm_who(page: Page) -> None:
    """What opens an account asks for its password once more."""
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()


def open_organization(page: Page, name: str) -> None:
    """By the switcher."""
    switcher = page.locator("details.switcher")
    if name not in switcher.locator("summary").inner_text():
        switcher.locator("summary").click()
        switcher.get_by_role("link", name=re.compile(name)).click()
    expect(switcher.locator("summary")).to_contain_text(name)


def a_pick(number: int = 0, **fields: object) -> dict[str, object]:
    """A line for `import_picks` of a match that begins tomorrow, each number another."""
    kickoff = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1, minutes=number)
    teams = {"home_team": f"Home {number}", "away_team": f"Away {number}", "pick": f"Home {number} to win"}
    return line(**teams, kickoff_at=kickoff.isoformat().replace("+00:00", "Z"), **fields)
