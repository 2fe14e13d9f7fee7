"""A whole running product and a real browser before it; tests here ask nothing but what a person or program may."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from apps.devtools.stack.ports import free_port
from apps.devtools.stack.postgres import Postgres
from apps.devtools.stack.stack import Stack
from tests.browser.product import Product

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OUTER = ("DATABASE_URL", "REDIS_URL", "BETEDGE_ENV")  # of this test run; the product under test has its own
IMPATIENT = "0.4,0.4,0.4,0.4,0.4"  # seconds: a webhook is exhausted in two


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        no_browser = pytest.mark.skip(reason="No Chromium is installed, so no page was opened (Debian: chromium).")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(no_browser)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Everything that `make run` starts but the sandbox: what happens is what the test makes happen."""
    folder = tmp_path_factory.mktemp("browser") / "data"
    environ = {name: value for name, value in os.environ.items() if name not in OUTER}
    environ |= {"PORQPINE_URL": "http://127.0.0.1:9", "BETEDGE_WEBHOOK_RETRY_SECONDS": IMPATIENT}
    stack = Stack(folder, port=free_port(), environ=environ, sandbox_args=None, with_sink=True)
    try:
        with stack:
            stack.start()
            stack.wait_ready()
            yield Product(stack)
    finally:
        Postgres(folder).wipe()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ended with its module: while it lives a loop runs in this thread, in which Django touches no database."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox wants rights that root in a container does not have; it sees our pages alone.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def another(browser: Browser, product: Product) -> Iterator[Callable[[], BrowserContext]]:
    """Makes a browser that nobody has signed in with; what its console complains of fails the test."""
    made: list[BrowserContext] = []
    complaints: list[str] = []

    def make() -> BrowserContext:
        context = browser.new_context(base_url=product.url, viewport={"width": 1280, "height": 900})
        context.set_default_timeout(10_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    # A 403 that a test asks for is none.
    assert [each for each in complaints if "Failed to load resource" not in each] == []


@pytest.fixture
def context(another: Callable[[], BrowserContext]) -> BrowserContext:
    """The first person's."""
    return another()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
