"""What a receiver's answer hints at."""

from django import template

from apps.dashboard.webhooks.wording import hint

register = template.Library()
register.filter("hint", hint)
