"""What the documentation's templates are made of: samples with tabs, shown answers, an endpoint's first line."""

import re
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from apps.docs import samples
from apps.docs.catalogue import BY_SLUG
from apps.docs.facts import BY_PATH

register = template.Library()
UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


@register.inclusion_tag("docs/sample.html")
def sample(name: str, about: str, printing: bool = True) -> dict[str, Any]:
    """The same in every language that it is written in; `about` names it for screen readers.

    printing: with what each prints.
    """
    panels = [
        {
            "id": f"{name.replace('/', '-')}-{language.suffix}",
            "language": language,
            "code": mark_safe(samples.shown(name, language.suffix)),
            "prints": _prints(name, language.suffix) if printing else None,
        }
        for language in samples.LANGUAGES
        if samples.has(name, language.suffix)
    ]
    return {"about": about, "panels": panels}


def _prints(name: str, suffix: str) -> SafeString | None:
    """curl prints the answer or a part of it, the programs print what they make of it."""
    for kind in ("json", "http", "status", "events") if suffix == "sh" else ("txt",):
        if samples.has(name, kind):
            return mark_safe(samples.shown(name, kind))
    return None


@register.inclusion_tag("docs/shown.html")
def shown(name: str, kind: str, about: str) -> dict[str, Any]:
    """An answer by itself, with its caption."""
    return {"about": about, "code": mark_safe(samples.shown(name, kind))}


@register.inclusion_tag("docs/endpoint.html")
def endpoint(path: str) -> dict[str, Any]:
    return {"endpoint": BY_PATH[path]}


@register.simple_tag
def doc(slug: str) -> str:
    """The address of a page. KeyError for one that there is not."""
    return BY_SLUG[slug].address


@register.filter
def inline_code(text: str) -> SafeString:
    """Plain text, in which `backticks` hold code."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


@register.filter
def duration(seconds: float) -> str:
    """60 -> 1 minute; 43200 -> 12 hours."""
    unit, word = next((each for each in UNITS if seconds >= each[0]), UNITS[-1])
    number = seconds / unit
    return f"{number:g} {word}{'' if number == 1 else 's'}"


@register.filter
def thousands(number: int) -> str:
    """10000 -> 10,000."""
    return f"{number:,}"
