"""What a body may be: at most 64 KiB, JSON in UTF-8, an object. Tried on an endpoint made for the purpose."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.request import Request

from apps.api.auth import AdmittedRequest
from apps.api.v1.base import ApiView


class Echo(ApiView):
    def post(self, request: Request) -> HttpResponse:
        return HttpResponse(json.dumps(self.body), content_type="application/json")


def send(data: bytes, *, content_type: str = "application/json", **extra: Any) -> tuple[int, dict[str, Any]]:
    request: AdmittedRequest = RequestFactory().post("/api/v1/echo", data=data, content_type=content_type, **extra)
    request.admission = SimpleNamespace(tier="starter")
    response = Echo.as_view()(request)
    return response.status_code, json.loads(response.content)


def test_an_object_is_taken_and_no_body_is_an_empty_one() -> None:
    assert send('{"a": "é"}'.encode()) == (200, {"a": "é"})
    assert send(b"{}", content_type="application/json; charset=utf-8") == (200, {})
    assert send(b"", content_type="text/plain") == (200, {})


NOT_OBJECTS = [b"{", b"[]", b"1", b"null", b'"x"', b'{"a": NaN}', b"\xff", b"[" * 60_000, b"\xef\xbb\xbf{}"]


@pytest.mark.parametrize("data", [*NOT_OBJECTS, '{"a": 1}'.encode("utf-16")])
def test_what_is_no_json_object_is_an_invalid_request(data) -> None:
    status, body = send(data)
    assert (status, body["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_a_body_declared_as_anything_else_is_an_unsupported_media_type(content_type) -> None:
    status, body = send(b"{}", content_type=content_type)
    assert (status, body["error"]) == (415, "unsupported_media_type")


def test_sixty_four_kibibytes_are_taken_and_one_byte_more_is_too_large() -> None:
    fits = b'{"a": "' + b"x" * (64 * 1024 - 9) + b'"}'
    assert len(fits) == 64 * 1024
    assert send(fits)[0] == 200
    status, body = send(fits + b" ", content_type="text/plain")
    assert (status, body["error"]) == (413, "payload_too_large")


def test_a_chunked_body_is_read_from_a_server_that_ends_it() -> None:
    chunked = {
        "wsgi.input": io.BytesIO(b'{"a": 1}'),
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    assert send(b"", **chunked) == (200, {"a": 1})
