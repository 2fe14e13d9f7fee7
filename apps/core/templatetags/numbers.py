"""Numbers as pages show them."""

from django import template

register = template.Library()


@register.filter
def thousands(number: int) -> str:
    """`1,234,567`."""
    return f"{number:,}"


@register.filter
def share(part: int, whole: int) -> str:
    """`12.3 %`; of nothing `0.0 %`."""
    return f"{100 * part / whole:.1f} %" if whole else "0.0 %"
