"""Pages for what goes wrong: they say what to do, in our look, and need no store."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.views.defaults import permission_denied

from apps.dashboard.front import views
from tests.docs.reading import elements, named


@pytest.fixture
def client() -> Client:
    """Without the database: a page that asked for it would fail the test."""
    return Client(raise_request_exception=False)


def heading(html: str) -> str:
    elements(html)
    (found,) = named(html, "h1")
    return found.text


def test_an_address_that_leads_nowhere_says_where_to_go(client: Client) -> None:
    answer = client.get("/nowhere/<script>alert(1)</script>")
    html = answer.content.decode()
    assert (answer.status_code, heading(html)) == (404, "There is no such page")
    assert {"/", "/docs", "/dashboard"} <= {link.attributes["href"] for link in named(html, "a")}
    assert "alert(1)" not in html


def test_a_failure_names_the_request_and_nothing_of_its_cause(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(views, "written", fail)
    answer = client.get("/", headers={"X-Request-Id": "told-to-us"})
    html = answer.content.decode()
    assert (answer.status_code, heading(html)) == (500, "Something broke")
    assert "<code>told-to-us</code>" in html
    assert "secret of the house" not in html


def test_a_form_without_its_token_is_told_what_to_do() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/accounts/login/", {"login": "a@example.com"})
    assert (answer.status_code, heading(answer.content.decode())) == (403, "This form is too old")


def test_a_host_that_is_not_ours_is_told_kindly(client: Client) -> None:
    answer = client.get("/", headers={"Host": "evil.example"})
    html = answer.content.decode()
    assert (answer.status_code, heading(html)) == (400, "This request cannot be read")
    assert "evil.example" not in html


def test_what_an_account_may_not_open_is_said(rf: RequestFactory) -> None:
    answer = permission_denied(rf.get("/"), PermissionDenied("<b>Only for staff."))
    assert (answer.status_code, heading(answer.content.decode())) == (403, "Not for you")
    assert "&lt;b&gt;Only for staff." in answer.content.decode()


def test_errors_of_the_api_stay_json(client: Client) -> None:
    answer = client.get("/api/nowhere")
    assert answer["Content-Type"] == "application/json"
