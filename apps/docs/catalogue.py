"""Which pages there are, in the order of the menu. Each one's text is templates/docs/pages/<template>.html."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """slug: what follows /docs/ in its address; empty for the overview. title: its heading. about: its description."""

    slug: str
    title: str
    about: str

    @property
    def address(self) -> str:
        return f"/docs/{self.slug}" if self.slug else "/docs"

    @property
    def template(self) -> str:
        return f"docs/pages/{self.slug or 'overview'}.html"


@dataclass(frozen=True, slots=True)
class Group:
    """Pages under one heading of the menu."""

    title: str
    pages: tuple[Page, ...]


MENU = (
    Group(
        "Get started",
        (
            Page("", "Overview", "What the BetEdge API gives you, and your first request in a minute."),
            Page("authentication", "Authentication", "How to send your API key, and how to keep it to yourself."),
            Page("key-rotation", "Key rotation", "Change a key's secret without missing a request."),
            Page(
                "limits", "Rate limits and quotas", "What each tier may ask in an hour and in a month, and how to wait."
            ),
            Page(
                "requests", "Requests and answers", "Formats, request ids, browsers, and asking only for what changed."
            ),
        ),
    ),
    Group(
        "Endpoints",
        (
            Page("picks", "Picks", "Published and settled picks: filters, pages, one pick, and every field explained."),
            Page("stream", "Stream", "Picks as they are published, over a connection that stays open."),
            Page("track-record", "Track record", "How settled picks did, and exactly how each figure is computed."),
            Page("match-analyses", "Match analyses", "The reasoning behind a pick, in words."),
            Page("usage", "Usage", "What is left of your hour and your month, without spending any of it."),
        ),
    ),
    Group(
        "Webhooks",
        (
            Page("webhooks", "Webhooks", "Have every pick sent to a URL of yours as it is published and settled."),
            Page(
                "webhooks-verifying",
                "Verify signatures",
                "See that an event comes from us, in Python and in JavaScript.",
            ),
            Page("webhooks-receiving", "Receive well", "Answer fast, count an event once, and let nothing get lost."),
            Page("webhooks-testing", "Test your receiver", "Before real events come: on your machine, and through us."),
        ),
    ),
    Group(
        "Reference",
        (
            Page("errors", "Errors", "Every error code: what it means, and what your program should do."),
            Page("openapi", "OpenAPI", "The machine-readable description of the API, for generators and test tools."),
            Page("changelog", "Changelog", "What changed in the API, newest first, and what we promise not to change."),
        ),
    ),
)
PAGES = tuple(page for group in MENU for page in group.pages)
BY_SLUG = {page.slug: page for page in PAGES}


def neighbours(page: Page) -> tuple[Page | None, Page | None]:
    """The page before and the page after, in the order of the menu."""
    at = PAGES.index(page)
    return (PAGES[at - 1] if at else None), (PAGES[at + 1] if at + 1 < len(PAGES) else None)
