"""Addresses of a webhook's pages, and pages as a reader sees them."""

import html
import re

from django.http import HttpResponse

from apps.webhooks.models import Delivery, Subscription


def page_of(subscription: Subscription, below: str = "") -> str:
    address = f"/dashboard/{subscription.key.organization_id}/webhooks/{subscription.pk}"
    return f"{address}/{below}" if below else address


def page_of_delivery(delivery: Delivery, below: str = "") -> str:
    return page_of(delivery.subscription, f"deliveries/{delivery.pk}{f'/{below}' if below else ''}")


def text_of(answer: HttpResponse) -> str:
    """The words of a page without its tags, each space one."""
    body = re.sub(r"<[^>]*>", " ", answer.content.decode())
    return re.sub(r"\s+([.,:;])", r"\1", " ".join(html.unescape(body).split()))


def value_in(answer: HttpResponse, name: str) -> str:
    """Of the hidden field of this name."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, f"The page has no hidden field {name}."
    return html.unescape(found[1])
