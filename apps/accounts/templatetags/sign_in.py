"""What the pages of sign-in and account need: a field in our words, and a browser's name."""

from typing import Any

from django import template
from django.forms import BoundField

from apps.accounts import sessions

register = template.Library()


@register.inclusion_tag("account/field.html")
def field(bound: BoundField, label: str, help: str = "") -> dict[str, Any]:
    """A field of one of allauth's forms under our label, without the placeholder that would say the same again."""
    bound.field.widget.attrs.pop("placeholder", None)
    bound.field.label_suffix = ""
    bound.label, bound.help_text = label, help
    return {"field": bound}


@register.filter
def browser(user_agent: str) -> str:
    """`Firefox on Windows`"""
    return sessions.browser(user_agent)
