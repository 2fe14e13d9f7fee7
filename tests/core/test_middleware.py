"""Every answer: a request id, and headers under which the pages still work."""

import re

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from apps.core.middleware import request_id, security_headers


def test_every_answer_names_its_request(client) -> None:
    assert re.fullmatch("[0-9a-f]{32}", client.get("/healthz")["X-Request-Id"])
    assert client.get("/nowhere", headers={"X-Request-Id": "abc"})["X-Request-Id"] == "abc"


def test_log_lines_carry_the_id_of_their_request_only() -> None:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(dict(structlog.contextvars.get_contextvars()))
        structlog.contextvars.bind_contextvars(leftover=True)
        return HttpResponse()

    for name in ("first", "second"):
        request_id(view)(RequestFactory().get("/", headers={"X-Request-Id": name}))
    assert seen == [{"request_id": "first"}, {"request_id": "second"}]


@pytest.mark.django_db
def test_pages_may_load_only_our_own(admin_client) -> None:
    response = admin_client.get("/admin/")
    policy = response["Content-Security-Policy"].split("; ")
    assert response.status_code == 200
    assert {"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'self'"} <= set(policy)
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_the_admins_own_pages_need_nothing_the_policy_forbids(admin_client) -> None:
    for page in ("/admin/", "/admin/accounts/organization/", "/admin/accounts/organization/add/"):
        html = admin_client.get(page).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|\son\w+=|style=\"", html), page


def test_a_view_keeps_the_header_it_set() -> None:
    own = security_headers(lambda request: HttpResponse(headers={"Referrer-Policy": "no-referrer"}))
    assert own(RequestFactory().get("/"))["Referrer-Policy"] == "no-referrer"
