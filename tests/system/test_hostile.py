"""Whatever is sent, through the front to a web process: a documented answer, and the next request is served."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.errors import PUBLIC_STATUS
from tests.factories import ApiKeyFactory, PickFactory
from tests.front import front, needs_caddy
from tests.web import web_process

pytestmark = [needs_caddy, pytest.mark.django_db]

KEY = "betedge_" + "5ec7e7" * 10 + "beef"
GOOD = [f"Authorization: Bearer {KEY}"]
JSON = ["Content-Type: application/json"]
TIME, PICK = "2026-05-25T14:00:00Z", "658daa21-10e0-4afc-9d1c-e133d253ec97"
PICKS = "/api/v1/picks"


def request(
    path: str = PICKS,
    *more: str,
    method: str = "GET",
    body: bytes = b"",
    key: list[str] = GOOD,
    host: str = "127.0.0.1",
) -> bytes:
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", *key, *more]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


HEADERS_A_MILE_LONG = {
    "ten thousand bytes": (request(PICKS, "X-Long: " + "a" * 10_000), 200),
    "If-None-Match": (request(PICKS, "If-None-Match: " + '"a",' * 3_000), 200),
    "an If-None-Match of no tags": (request(PICKS, 'If-None-Match: "\xff'), 200),
    "sixty thousand bytes": (request(PICKS, "X-Long: " + "a" * 60_000), 431),
    "a million bytes": (request(PICKS, "X-Long: " + "a" * 1_100_000), 431),
    "five hundred headers": (request(PICKS, *(f"X-{n}: 1" for n in range(500))), 431),
    "a key without end": (request(key=[GOOD[0] + "0" * 60_000]), 431),
    "an address without end": (request(PICKS + "?league=" + "a" * 70_000), 431),
    "a request id too long": (request(PICKS, "X-Request-Id: " + "a" * 65), 200),
}
PARAMETERS = {
    "thousands": (request(PICKS + "?" + "&".join(["a"] * 6_000)), "invalid_request"),
    "NUL": (request(PICKS + "?league=%00"), "invalid_parameter"),
    "NUL in the path": (request("/api/v1/picks/%00"), "not_found"),
    "a lone surrogate": (request(PICKS + "?league=%ED%A0%80"), 200),
    "raw bytes": (request(PICKS + "?league=\xed\xa0\x80"), "invalid_request"),
    "raw bytes in the path": (request("/api/v1/picks/\xfc"), "not_found"),
    "limit=1e9": (request(PICKS + "?limit=1e9"), "invalid_parameter"),
    "a limit of noughts": (request(PICKS + "?limit=" + "0" * 12_000 + "x"), "invalid_parameter"),
    "a limit of 5,000 digits": (request(PICKS + "?limit=" + "9" * 5_000), 200),
    "the last second of the calendar": (request(PICKS + "?since=9999-12-31T23:59:59Z"), 200),
    "past the calendar": (request(PICKS + "?since=9999-12-31T23:59:59-01:00"), "invalid_parameter"),
    "a cursor cut": (request(PICKS + f"?cursor={TIME[:-3]}"), "invalid_cursor"),
    "a cursor cut in its id": (request(PICKS + f"?cursor={TIME}~{PICK[:-1]}"), "invalid_cursor"),
    "a cursor swapped": (request(PICKS + f"?cursor={PICK}~{TIME}"), "invalid_cursor"),
    "a cursor forged": (request(PICKS + f"?cursor={TIME}~{PICK}"), 200),
    "two dots": (request("/api/v1/../v1/picks"), "not_found"),
    "two slashes": (request("/api//v1/picks"), "not_found"),
}
KEYS = {
    "in capitals": (request(key=[GOOD[0].upper()]), "invalid_api_key"),
    "of another scheme": (request(key=[f"Authorization: Basic {KEY}"]), "invalid_api_key"),
    "in two headers": (request(key=GOOD * 2), "invalid_api_key"),
    "twice in one header": (request(key=[f"{GOOD[0]}, Bearer {KEY}"]), "invalid_api_key"),
    "behind a tab": (request(key=[f"Authorization: Bearer\t{KEY}"]), "invalid_api_key"),
    "of other letters": (request(key=["Authorization: Bearer \xfc\xfc"]), "invalid_api_key"),
    "missing": (request(key=[]), "invalid_api_key"),
    "with many spaces": (request(key=[f"Authorization:   bEARER   {KEY}  "]), 200),
}
BODIES = {
    "100 KB with GET": (request(body=b"x" * 100_000), "payload_too_large"),
    "100 KB": (request("/api/v1/webhooks", *JSON, method="POST", body=b"x" * 100_000), "payload_too_large"),
    "5 MB": (request("/api/v1/webhooks", *JSON, method="POST", body=b"x" * 5_000_000), "payload_too_large"),
    "5 MB where none is taken": (request(method="POST", body=b"x" * 5_000_000), "method_not_allowed"),
    "5 MB without a key": (request(method="POST", key=[], body=b"x" * 5_000_000), "invalid_api_key"),
    "of broken chunks": (
        request("/api/v1/webhooks", *JSON, "Transfer-Encoding: chunked", method="POST") + b"zz\r\n",
        "invalid_request",
    ),
    "nested without end": (request("/api/v1/webhooks", *JSON, method="POST", body=b"[" * 60_000), "invalid_request"),
    "packed": (
        request("/api/v1/webhooks", *JSON, "Content-Encoding: gzip", method="POST", body=b"\x1f\x8b"),
        "invalid_request",
    ),
    "of no type": (request("/api/v1/webhooks", method="POST", body=b"{}"), "unsupported_media_type"),
}
THE_REST = {
    "another host": (request(host="evil.test"), "invalid_request"),
    "a method of no standard": (request(method="BREW"), "method_not_allowed"),
    "a range": (request(PICKS, "Range: bytes=0-5"), 200),
    "another method in a header": (request(PICKS, "X-HTTP-Method-Override: DELETE"), 200),
    "a cookie": (request(PICKS, "Cookie: sessionid=" + "a" * 4_000), 200),
}
CASES = {
    f"{kind}: {name}": case
    for kind, cases in {
        "header": HEADERS_A_MILE_LONG,
        "parameter": PARAMETERS,
        "key": KEYS,
        "body": BODIES,
        "request": THE_REST,
    }.items()
    for name, case in cases.items()
}


@pytest.fixture(scope="module")
def there(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The port of a front before a web process, for a key and a pick that stay while this file runs."""
    with django_db_blocker.unblock():
        key = ApiKeyFactory(secret=KEY)
        pick = PickFactory(published=True)
        folder: Path = tmp_path_factory.mktemp("hostile")
        with web_process(folder) as web, front(web, folder) as port:
            yield port
        for row in (pick, pick.fixture, key, key.organization):
            row.delete()


def ask(connection: socket.socket, raw: bytes) -> tuple[int, bytes, bool]:
    """Status and body of the answer, and whether the connection ends with it."""
    connection.sendall(raw)
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read(), answer.getheader("Connection") == "close"


@pytest.mark.parametrize("case", CASES)
def test_it_has_a_documented_answer_and_the_next_request_is_served(there: int, case: str) -> None:
    raw, expected = CASES[case]
    with socket.create_connection(("127.0.0.1", there), timeout=20) as connection:
        status, body, ended = ask(connection, raw)
        if isinstance(expected, str):
            assert (status, json.loads(body)["error"]) == (PUBLIC_STATUS[expected], expected)
        else:
            assert status == expected, body
        if ended:
            assert status in (400, 431)  # where it ends is not to be told, so nothing behind it can be read
            return
        status, body, _ended = ask(connection, request())
        assert (status, json.loads(body)["count"]) == (200, 1)
