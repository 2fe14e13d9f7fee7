"""Who may come in, and the shape in which everything under /api/ leaves."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from apps.access.services import revoke_key
from apps.api import gate as gate_module
from apps.core.errors import PUBLIC_STATUS
from tests.factories import ApiKeyFactory

WELL_FORMED = "betedge_" + "0123456789abcdef" * 4


def refused(response) -> None:
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json() == {
        "error": "invalid_api_key",
        "message": "Send a working key in one header: Authorization: Bearer betedge_ and 64 hex digits.",
    }


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer{WELL_FORMED}",
        f"Bearer\t{WELL_FORMED}",
        f"Token {WELL_FORMED}",
        f"Basic {WELL_FORMED}",
        WELL_FORMED,
        f"Bearer {WELL_FORMED}",
        f"Bearer {WELL_FORMED.upper()}",
        f"Bearer {WELL_FORMED}a",
        f"Bearer {WELL_FORMED[:-1]}",
        f"Bearer {WELL_FORMED}, Bearer {WELL_FORMED}",
        f"Bearer {WELL_FORMED} {WELL_FORMED}",
        "Bearer betedge_" + "٣" * 64,
        "Bearer \x00",
    ],
)
def test_every_key_that_does_not_work_gets_the_same_answer(db, client, header) -> None:
    refused(client.get("/api/v1/picks", headers={} if header is None else {"Authorization": header}))


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "bEaReR    "])
def test_the_scheme_is_taken_in_any_case_with_any_spaces(client, secret, scheme) -> None:
    assert client.get("/api/v1/picks", headers={"Authorization": scheme + secret}).status_code == 200


def test_a_key_sent_twice_is_refused(client, secret) -> None:
    """Granian and wsgiref both join repeated headers with a comma."""
    refused(client.get("/api/v1/picks", headers={"Authorization": f"Bearer {secret},Bearer {secret}"}))


@pytest.mark.django_db(transaction=True)  # a change is published when it commits
def test_a_revoked_key_is_refused_from_the_next_request_on(client) -> None:
    key = ApiKeyFactory()
    headers = {"Authorization": f"Bearer {key.secret}"}
    assert client.get("/api/v1/picks", headers=headers).status_code == 200
    revoke_key(key_id=key.pk, now=timezone.now())
    refused(client.get("/api/v1/picks", headers=headers))


def test_an_expired_key_is_refused_and_one_that_expires_later_is_not(db, client) -> None:
    now = timezone.now()
    past, future = (ApiKeyFactory(expires_at=now + timedelta(minutes=minutes)) for minutes in (-1, 1))
    refused(client.get("/api/v1/picks", headers={"Authorization": f"Bearer {past.secret}"}))
    assert client.get("/api/v1/picks", headers={"Authorization": f"Bearer {future.secret}"}).status_code == 200


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/nothing", "/api/v1/picks/", "/api/v1/webhook"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD", "BREW"])
def test_the_key_comes_before_the_path_and_unknown_paths_never_redirect(client, secret, path, method) -> None:
    assert client.generic(method, path).status_code == 401
    response = client.generic(method, path, headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"
    if method != "HEAD":
        assert response.json()["error"] == "not_found"


@pytest.mark.parametrize("path", ["//api/", "/apiary", "/API/v1/picks"])
def test_paths_elsewhere_are_not_the_apis(db, client, path) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(path)


def test_the_description_of_the_api_asks_for_no_key(db, client) -> None:
    assert client.get("/api/v1/openapi.json").status_code != 401


@pytest.mark.parametrize("path", ["/api", "/api/v1/picks", "/api/v1/picks/stream", "/api/nowhere"])
def test_a_preflight_needs_no_key_and_opens_every_origin(db, client, path, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        response = client.options(path, headers={"Origin": "https://a.example"})
    assert (response.status_code, response.content) == (204, b"")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(response["Access-Control-Allow-Methods"].split(", "))
    allowed = set(response["Access-Control-Allow-Headers"].split(", "))
    assert {"Authorization", "Content-Type", "Last-Event-ID", "If-None-Match"} <= allowed
    assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.parametrize("path", ["/api/v1/picks", "/api/v1/picks?limit=x", "/api/nowhere"])
def test_every_answer_can_be_read_from_any_origin(client, secret, path) -> None:
    for headers in ({}, {"Authorization": f"Bearer {secret}"}):
        response = client.get(path, headers=headers)
        assert response["Access-Control-Allow-Origin"] == "*"
        exposed = set(response["Access-Control-Expose-Headers"].split(", "))
        assert {"X-RateLimit-Limit", "X-Quota-Reset", "X-Request-Id", "Retry-After", "ETag"} <= exposed


def test_cookies_count_for_nothing_and_none_is_set_or_ended(client, secret) -> None:
    client.cookies.load({"sessionid": "stale", "csrftoken": "odd"})
    response = client.get("/api/v1/picks", headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/picks", "/track-record", f"/picks/{UUID(int=1)}", "/match-analyses/x"])
def test_a_wrong_method_is_told_which_are_right(client, secret, method, path) -> None:
    response = client.generic(method, f"/api/v1{path}", headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == 405
    assert response.json()["error"] == "method_not_allowed"
    assert set(response["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_head_is_get_without_the_body(client, secret) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    head, get = client.head("/api/v1/picks", headers=headers), client.get("/api/v1/picks", headers=headers)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", get["ETag"])


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/png", "nonsense", "*/*;q=0"])
def test_whatever_is_accepted_json_is_sent(call, accept) -> None:
    assert call("/picks", headers={"Accept": accept})["Content-Type"] == "application/json"
    assert call("/picks", format="xml").status_code == 200


def test_a_forged_host_is_answered_in_our_shape(call) -> None:
    response = call("/picks", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


def test_an_unforeseen_failure_is_told_by_its_id_only(call, client, monkeypatch) -> None:
    def fail(**_asked: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("apps.api.v1.picks.page_of_picks", fail)
    response = call("/picks", headers={"X-Request-Id": "mine-1"})
    assert response.status_code == 500
    body = response.json()
    assert (body["error"], body["request_id"], response["X-Request-Id"]) == ("internal_error", "mine-1", "mine-1")
    assert b"secret detail" not in response.content


def test_a_failure_before_the_views_has_the_shape_too(call, monkeypatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(gate_module, "authenticate", fail)
    response = call("/picks")
    assert (response.status_code, response.json()["error"]) == (500, "internal_error")


def test_a_store_that_is_away_is_said_with_a_time_to_try_again(call, monkeypatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("connection to server at 10.0.0.7 failed")

    for place in ("apps.api.gate.authenticate", "apps.api.v1.picks.page_of_picks"):
        with monkeypatch.context() as patched:
            patched.setattr(place, fail)
            response = call("/picks")
        assert (response.status_code, response.json()["error"]) == (503, "service_unavailable")
        assert int(response["Retry-After"]) > 0
        assert b"10.0.0.7" not in response.content


def test_request_ids_are_kept_if_they_are_harmless(client) -> None:
    kept = client.get("/api/v1/picks", headers={"X-Request-Id": "a-B_9.z"})
    assert kept["X-Request-Id"] == "a-B_9.z"
    for bad in ("", "x" * 65, "a b", "ключ", "a\n", "<script>"):
        answer = client.get("/api/v1/picks", headers={"X-Request-Id": bad})
        assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-Id"])


def test_every_public_code_names_an_error_status() -> None:
    assert all(400 <= status < 600 for status in PUBLIC_STATUS.values())


def test_an_abandoned_body_is_read_away_before_the_answer(db) -> None:
    client = Client()
    response = client.post("/api/v1/picks", data=b"x" * 300_000, content_type="application/json")
    assert response.status_code == 401
    assert response.wsgi_request.read(1) == b""


def test_a_body_past_all_measure_is_left_unread(db) -> None:
    response = Client().post("/api/v1/picks", data=b"x" * (9 * 1024 * 1024), content_type="application/json")
    assert response.status_code == 401
    assert response.wsgi_request.read(1) == b"x"
