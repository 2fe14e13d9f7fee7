"""A page's headings: each one gets a link to itself, and the second level makes the page's table of contents."""

import re

HEADING = re.compile(r'<h(?P<level>[23]) id="(?P<id>[a-z0-9_-]+)">(?P<text>.+?)</h(?P=level)>')
TAG = re.compile(r"<[^>]+>")


def contents(html: str) -> list[tuple[str, str]]:
    """Id and plain text of each second-level heading, in their order."""
    return [(found["id"], plain(found["text"])) for found in HEADING.finditer(html) if found["level"] == "2"]


def linked(html: str) -> str:
    """The same page, with a link to itself behind each heading."""
    return HEADING.sub(_linked, html)


def plain(html: str) -> str:
    return TAG.sub("", html)


def _linked(found: "re.Match[str]") -> str:
    level, name, text = found["level"], found["id"], found["text"]
    link = f'<a class="anchor" href="#{name}" aria-label="Link to: {plain(text)}">#</a>'
    return f'<h{level} id="{name}">{text} {link}</h{level}>'
