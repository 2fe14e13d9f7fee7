"""Hostile parameters, fields, bodies and methods at every page there is: whatever comes, none of them breaks."""

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as SHOWN_WHO
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from apps.accounts.models import Organization
from tests.accounts.people import with_app
from tests.dashboard.test_tenants import Things
from tests.webhooks.delivering import Clock, Post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]
FORM = "application/x-www-form-urlencoded"
HOSTILE = ["\x00", "\ud800", "9" * 30, "9999-12-31", "0001-01-01T00:00:00+14:00~" + "0" * 32, "x" * 20_000]
UNSHOWN = [  # what addresses hold besides the fields of forms; tried all at once, but for those that exclude others
    ["after", "page", "range", "request", "p", "o", "e", "_changelist_filters", "next"],
    ["before", "behind", "since"],
]
METHODS = ["head", "options", "put", "patch", "delete", "trace"]
BODIES = [
    (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    (b"--x\r\nbroken", "multipart/form-data"),
    (b"name=%ff%fe\xff&email=\xff&%00=%00", FORM),
    (b"{", "application/json"),
]
TOO_MUCH = [b"&".join(b"a%d=" % number for number in range(5_001)), b"name=" + b"x" * 2_700_000]


class Fields(HTMLParser):
    """The forms of a page: by method and address the fields as they stand."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((told.get("method", "get").lower(), told.get("action", ""), {}))
        elif tag in ("input", "textarea", "select", "button") and told.get("name") and self.forms:
            self.forms[-1][2][told["name"]] = told.get("value", "")


def routes(of: Any, before: str = "") -> Iterator[str]:
    for each in of:
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, before + str(each.pattern))
        else:
            yield before + str(each.pattern)


def addresses(things: Things) -> list[str]:
    """Every address but the API's, each thing in it one that there is."""
    found, named = set(), {**things.named(), "pk": "1", "slug": "overview", "token": "x"}
    for route in routes(get_resolver().url_patterns):
        if not route.startswith("api/") and "(?P" not in route:
            of = re.match(r"admin/(\w+)/(\w+)/<", route)
            row = apps.get_model(of[1], of[2])._default_manager.first() if of else None
            ids = {**named, "object_id": row.pk if row else "1"}
            found.add("/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part, ids=ids: str(ids.get(part[1], "1")), route))
    return sorted(found)


class Attacker:
    """Staff and owner at once, so that every page opens. Nothing of what they send is kept."""

    def __init__(self) -> None:
        self.things = Things()
        Organization.objects.update(tier="enterprise")
        with_app(self.things.owner)
        User.objects.filter(pk=self.things.owner.pk).update(is_staff=True, is_superuser=True)
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.things.owner)
        session = self.client.session
        session[SHOWN_WHO] = [{"method": "password", "at": time.time()}]
        session.save()
        self.session_key = session.session_key
        self.broken: list[tuple[Any, ...]] = []

    def send(self, method: str, address: str, **how: Any) -> Any:
        self.client.cookies["sessionid"] = self.session_key  # signing out took it away
        with transaction.atomic():
            answer = getattr(self.client, method)(address, **how)
            if answer.streaming:
                list(answer)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            self.broken.append((method, address, str(how)[:80], answer.status_code))
        return answer


@pytest.fixture
def attacker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Attacker:
    """No receiver is called meanwhile."""
    monkeypatch.setattr("apps.webhooks.services.sender", lambda: Post(Clock(timezone.now())))
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return Attacker()


def area(addresses: list[str], name: str) -> list[str]:
    return [address for address in addresses if address.startswith(name)]


@pytest.mark.parametrize("name", ["/dashboard", "/accounts", "/admin"])
def test_no_method_and_no_body_breaks_a_page(name: str, attacker: Attacker) -> None:
    """Each address gets the next of the methods and the next of the bodies, so that every area gets each often."""
    turns = zip(area(addresses(attacker.things), name), cycle(METHODS), cycle(BODIES), strict=False)
    for address, method, (body, content_type) in turns:
        attacker.send(method, address)
        attacker.send("post", address)
        attacker.send("post", address, data=body, content_type=content_type)
    assert attacker.broken == []


@pytest.mark.parametrize("body", TOO_MUCH)
def test_too_much_is_refused(body: bytes, attacker: Attacker) -> None:
    for address in ("/dashboard/new", "/accounts/login/", "/admin/auth/user/"):
        answer = attacker.send("post", address, data=body, content_type=FORM)
        assert answer.status_code == 400


def probes(page: Any, address: str) -> Iterator[tuple[str, str, dict[str, str], list[str]]]:
    """What to send where: the fields as they stand, and those of them that become hostile together."""
    for names in UNSHOWN:
        yield "get", address, {}, names
    for method, action, fields in Fields(page.content.decode()).forms:
        for name in fields:
            yield method, action if action.startswith("/") else address, fields if method == "post" else {}, [name]


@pytest.mark.parametrize(("name", "values"), [("/dashboard", HOSTILE), ("/accounts", HOSTILE), ("/admin", HOSTILE[:1])])
def test_no_field_and_no_parameter_breaks_a_page(name: str, values: list[str], attacker: Attacker) -> None:
    tried = set()
    for address in area(addresses(attacker.things), name):
        page = attacker.send("get", address)
        if page.status_code != 200 or page.streaming:
            continue
        for method, to, fields, names in probes(page, address):
            if (method, to, *names) in tried:
                continue
            tried.add((method, to, *names))
            for value in values:
                sent = urlencode({**fields, **dict.fromkeys(names, value.encode("utf-8", "surrogatepass"))})
                if method == "post":
                    attacker.send("post", to, data=sent, content_type=FORM)
                else:
                    attacker.send("get", f"{to.partition('?')[0]}?{sent}")
    assert attacker.broken == []
    assert len(tried) > 40


def test_nothing_that_is_shown_to_somebody_signed_in_is_kept(attacker: Attacker) -> None:
    """Neither by a cache on the way nor by the browser for its back button, which would show it after signing out."""
    kept, seen = [], 0
    for address in addresses(attacker.things):
        answer = attacker.send("get", address)
        rule = answer.headers.get("Cache-Control", "")
        if attacker.things.owner.email in answer.getvalue().decode() or "/accounts/2fa/" in address:
            kept += [address] if "no-store" not in rule else []
            seen += 1
    assert kept == []
    assert seen > 40


@pytest.mark.parametrize("who", ["a customer", "staff without a second factor"])
def test_no_address_of_the_admin_opens_for(who: str, attacker: Attacker, settings: Any) -> None:
    settings.STAFF_TWO_FACTORS = who != "a customer"
    if who == "a customer":
        User.objects.update(is_staff=False, is_superuser=False)
    else:
        Authenticator.objects.all().delete()
    opened = [
        (method, address)
        for address in area(addresses(attacker.things), "/admin")
        for method in ("get", "post")
        if attacker.send(method, address).status_code not in (301, 302, 403)
    ]
    assert opened == []
