"""The short way answers as the long way does, and counts each request once."""

from collections.abc import Callable, Iterator

import pytest
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.access import door
from apps.api.pages import PAGES
from apps.api.short_way import short_way
from apps.core.postgres import POSTGRES
from tests.factories import ApiKeyFactory, PickFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]

Answer = tuple[str, dict[str, str], bytes]
BY_TURN = {"X-Request-Id", "X-RateLimit-Remaining", "X-Quota-Remaining"}


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Answer]]:
    """What the web process says, which hears of changes."""
    monkeypatch.setattr(POSTGRES, "hears", True)
    request_started.disconnect(close_old_connections)  # it would end the test's transaction
    monkeypatch.setattr("apps.api.short_way.close_old_connections", lambda: None)
    application = short_way(get_wsgi_application())

    def get(secret: str, path: str = "/api/v1/picks", **headers: str) -> Answer:
        said: list[tuple[str, dict[str, str]]] = []
        environ = RequestFactory(HTTP_AUTHORIZATION=f"Bearer {secret}").get(path, **headers).environ
        body = application(environ, lambda status, headers, _info=None: said.append((status, dict(headers))))
        return *said[-1], b"".join(body)

    yield get
    request_started.connect(close_old_connections)
    PAGES.kept.clear()


def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The endpoints that were asked by the short way from now on."""
    endpoints: list[str] = []

    def admit(**asked: object) -> object:
        endpoints.append(str(asked["endpoint"]))
        return door.admit(**asked)  # type: ignore[arg-type]

    monkeypatch.setattr("apps.api.short_way.admit", admit)
    return endpoints


def test_it_says_what_the_long_way_says_and_counts_on(ask, monkeypatch) -> None:
    secret = ApiKeyFactory().secret
    pick = PickFactory(published=True)
    short = taken(monkeypatch)
    for path in ("/api/v1/picks?limit=7", f"/api/v1/picks/{pick.pk}"):
        (status, long_headers, body), (again, short_headers, same) = ask(secret, path), ask(secret, path)
        assert (again, same) == (status, body)
        assert status == "200 OK"
        remaining = [int(headers["X-RateLimit-Remaining"]) for headers in (long_headers, short_headers)]
        assert remaining[1] == remaining[0] - 1
        assert short_headers.keys() == long_headers.keys()
        assert {name for name in short_headers if short_headers[name] != long_headers[name]} <= BY_TURN
    assert short == ["picks", "picks/{id}"]


def test_it_needs_no_statement(ask) -> None:
    secret = ApiKeyFactory().secret
    ask(secret)
    with CaptureQueriesContext(connection) as asked:
        assert ask(secret)[0] == "200 OK"
    assert len(asked) == 0


def test_a_connection_that_it_opened_is_tended(ask, monkeypatch) -> None:
    secret = ApiKeyFactory().secret
    tended: list[bool] = []
    monkeypatch.setattr("apps.api.short_way.close_old_connections", lambda: tended.append(True))
    ask(secret)
    assert tended == []
    ask(secret)
    assert tended == [True]  # the test's own is open


def test_who_has_the_page_already_is_not_sent_it(ask) -> None:
    secret = ApiKeyFactory().secret
    tag = ask(secret)[1]["ETag"]
    status, headers, body = ask(secret, HTTP_IF_NONE_MATCH=f'"other", W/{tag}')
    assert (status, body) == ("304 Not Modified", b"")
    assert headers["ETag"] == tag
    assert "Content-Type" not in headers
    assert ask(secret, HTTP_IF_NONE_MATCH='"other"')[0] == "200 OK"


def test_request_ids_are_given_and_kept(ask) -> None:
    secret = ApiKeyFactory().secret
    ids = {ask(secret)[1]["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    assert ask(secret, HTTP_X_REQUEST_ID="mine")[1]["X-Request-Id"] == "mine"
    assert ask(secret, HTTP_X_REQUEST_ID="not mine")[1]["X-Request-Id"] != "not mine"


def test_a_limit_is_met_by_either_way_and_the_refusal_is_counted_once(ask, monkeypatch) -> None:
    key = ApiKeyFactory(tier="starter")
    short = taken(monkeypatch)
    statuses = [ask(key.secret)[0] for _ in range(103)]
    assert statuses == ["200 OK"] * 100 + ["429 Too Many Requests"] * 3
    assert len(short) == 102
    usage = ask(key.secret, "/api/v1/usage")
    assert b'"remaining":0' in usage[2]
    assert b'"used":100' in usage[2]


def test_a_key_that_does_not_work_gets_no_page(ask) -> None:
    ask(ApiKeyFactory().secret)
    for authorization in ("Bearer betedge_" + "0" * 64, "Basic x", ""):
        assert ask("", HTTP_AUTHORIZATION=authorization)[0] == "401 Unauthorized"


def test_a_change_ends_a_page(ask, monkeypatch) -> None:
    secret = ApiKeyFactory().secret
    before = ask(secret)[2]
    PickFactory(published=True)
    POSTGRES.generation += 1
    short = taken(monkeypatch)
    assert ask(secret)[2] != before
    assert short == []


def test_what_fails_on_the_short_way_is_put_into_words_by_the_long(ask, monkeypatch) -> None:
    secret = ApiKeyFactory().secret
    ask(secret)

    def broken(**_asked: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("apps.api.short_way.admit", broken)
    monkeypatch.setattr("apps.api.auth.admit", broken)
    status, _headers, body = ask(secret)
    assert status == "500 Internal Server Error"
    assert b'"error":"internal_error"' in body
    assert b"broken" not in body
