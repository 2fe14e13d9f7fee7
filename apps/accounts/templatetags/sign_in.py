"""What the pages of sign-in and account need: a field in our words, and a browser's name."""

from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField

from apps.accounts import sessions

register = template.Library()


@register.inclusion_tag("account/field.html")
def field(bound: BoundField, label: str, help: str = "", first: bool = False) -> dict[str, Any]:
    """A field of one of allauth's forms under our label, without the placeholder that would say the same again.

    first: where one begins to type, unless something was wrong and is to be read before.
    """
    if first and not bound.form.is_bound:
        bound.field.widget.attrs["autofocus"] = True
    bound.field.widget.attrs.pop("placeholder", None)
    bound.field.label_suffix = ""
    bound.label, bound.help_text = label, help
    return {"field": bound}


@register.simple_tag
def mail_stays_here() -> bool:
    """Whether mail is shown on this machine and sent nowhere, as in development."""
    sender: str = settings.MAIL_SENDER
    return sender.endswith((".console.EmailBackend", ".filebased.EmailBackend"))


@register.filter
def browser(user_agent: str) -> str:
    """`Firefox on Windows`"""
    return sessions.browser(user_agent)
