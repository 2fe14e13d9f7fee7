"""What the description says of an answer, and whether a real one is so. An operation is named `GET /picks`."""

import json
from typing import Any

from django.http import HttpResponse
from jsonschema import Draft202012Validator

from apps.api.openapi import document
from apps.api.v1.stream import EVENT_STREAM

DOCUMENT: dict[str, Any] = json.loads(document())
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
LIMIT_HEADERS = {f"X-{kind}-{part}" for kind in ("RateLimit", "Quota") for part in ("Limit", "Remaining", "Reset")}
OPEN = "GET /openapi.json"  # to everyone


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to; anything else as it is."""
    while "$ref" in part:
        _, _, section, name = part["$ref"].split("/")
        part = DOCUMENT["components"][section][name]
    return part


def faults(value: Any, schema: dict[str, Any], *, closed: bool = False) -> list[str]:
    """Why a value is not what the schema says; `closed`: what the schema does not name is a fault as well."""
    components = DOCUMENT["components"]
    if closed:
        components = json.loads(json.dumps(components), object_hook=close)
    validator = Draft202012Validator(
        {**schema, "components": components}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    return [error.message for error in validator.iter_errors(value)]


def close(part: dict[str, Any]) -> dict[str, Any]:
    return {**part, "additionalProperties": False} if "properties" in part and part.get("type") == "object" else part


def codes_of(operation: str) -> dict[str, int]:
    """Each error that the operation is said to answer with, and its status."""
    return {
        code: int(status)
        for status, response in OPERATIONS[operation]["responses"].items()
        if int(status) >= 400
        for code in response["content"]["application/json"]["examples"]
    }


def as_described(operation: str, response: HttpResponse, *, status: int) -> None:
    """The answer has the status, the headers and the body that the document says."""
    assert response.status_code == status, response.content
    described = OPERATIONS[operation]["responses"][str(status)]
    for name, header in described["headers"].items():
        header, value = resolved(header), response.headers.get(name)
        assert value is not None or not header.get("required"), name
        if value is not None:
            written = int(value) if header["schema"].get("type") == "integer" else value
            assert not faults(written, header["schema"]), name
    assert LIMIT_HEADERS & set(response.headers) <= set(described["headers"])
    if "content" not in described:
        assert response.content == b""
        return
    assert response["Content-Type"] in described["content"]
    if response["Content-Type"] == EVENT_STREAM:
        return
    schema = described["content"]["application/json"]["schema"]
    assert not faults(response.json(), schema, closed=operation != OPEN)
