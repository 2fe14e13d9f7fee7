"""GET /docs and the pages below it: the same for everybody, so each is written once in a process's life."""

import hashlib
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from apps.accounts.tiers import TIERS
from apps.docs.catalogue import BY_SLUG, MENU, Page, neighbours
from apps.docs.facts import ENDPOINTS, errors
from apps.docs.headings import contents, linked
from apps.docs.webhook_facts import webhooks

KEPT_SECONDS = 60  # no longer: a page kept past a release asks for style sheets that are gone
NOWHERE = Page("", "There is no such page", "The page you asked for is not part of the BetEdge API's documentation.")


def tag(request: HttpRequest, slug: str) -> str | None:
    return f'"{hashlib.sha256(written(slug)).hexdigest()[:32]}"' if slug in BY_SLUG else None


@require_safe
@cache_control(public=True, max_age=KEPT_SECONDS)
@condition(etag_func=tag)
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """One page; 404 with the way back for a name that none has."""
    if slug in BY_SLUG:
        return HttpResponse(written(slug))
    if slug.rstrip("/") in BY_SLUG:
        return HttpResponsePermanentRedirect(BY_SLUG[slug.rstrip("/")].address)
    return HttpResponse(render_to_string("docs/nowhere.html", {"page": NOWHERE, "menu": MENU}), status=404)


@require_safe
def without_slash(request: HttpRequest) -> HttpResponse:
    return HttpResponsePermanentRedirect(BY_SLUG[""].address)


@cache
def written(slug: str) -> bytes:
    """A page as sent. It reads no request and no database, so it cannot differ from reader to reader."""
    shown = BY_SLUG[slug]
    facts = {
        "tiers": TIERS.values(),
        "endpoints": ENDPOINTS,
        "errors": errors(),
        "host": settings.BETEDGE_PUBLIC_URL,
        "webhooks": webhooks(),
    }
    text = render_to_string(shown.template, facts)
    before, after = neighbours(shown)
    around = {
        "page": shown,
        "menu": MENU,
        "canonical": settings.BETEDGE_PUBLIC_URL + shown.address,
        "contents": contents(text),
        "text": mark_safe(linked(text)),  # our own template's words, escaped where they were filled in
        "before": before,
        "after": after,
    }
    return render_to_string("docs/page.html", around).encode()
