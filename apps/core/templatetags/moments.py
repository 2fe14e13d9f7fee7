"""Times as pages show them: in UTC, with the reader's own on hover (site.js) and the exact instant for programs."""

from datetime import UTC, date, datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from apps.core.times import rfc3339

register = template.Library()


@register.simple_tag
def when(at: datetime | None, otherwise: str = "never", seconds: bool = False) -> SafeString | str:
    """`<time>` of an instant, `12 Nov 2026 14:03 UTC`; what to say where there is none."""
    if at is None:
        return otherwise
    shown = at.astimezone(UTC)
    text = f"{shown.day} {shown:%b %Y %H:%M:%S}" if seconds else f"{shown.day} {shown:%b %Y %H:%M}"
    return format_html('<time datetime="{}">{} UTC</time>', rfc3339(at), text)


@register.filter
def day(at: date) -> str:
    """`12 Nov 2026`; of an instant its UTC day."""
    shown = at.astimezone(UTC).date() if isinstance(at, datetime) else at
    return f"{shown.day} {shown:%b %Y}"


@register.filter
def ago(at: datetime, now: datetime) -> str:
    """`8 minutes ago`, in one unit; within a minute, or ahead, `just now`."""
    return f"{timesince(at, now, depth=1)} ago" if now - at >= timedelta(minutes=1) else "just now"
