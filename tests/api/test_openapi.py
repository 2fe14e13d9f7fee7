"""The description of the API: valid, whole, open to all, and what the API really answers."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from drf_spectacular.drainage import GENERATOR_STATS
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from rest_framework.serializers import ValidationError

from apps.api.described import ERRORS, schema_name
from apps.api.fields import CursorField, InstantField
from apps.api.openapi import document
from apps.api.stream.hub import HUB
from apps.api.stream.places import MOST_STREAMS
from apps.api.v1.urls import urlpatterns
from apps.core.errors import PUBLIC_STATUS
from apps.feed.models import Origin
from apps.picks.models import Outcome
from apps.picks.rollup import rebuild
from tests.api.conftest import Call
from tests.api.describing import DOCUMENT, LIMIT_HEADERS, OPEN, OPERATIONS, as_described, codes_of, faults, resolved
from tests.api.test_limits import exhaust, use_up_month
from tests.api.test_picks import UNREADABLE
from tests.factories import ApiKeyFactory, FixtureFactory, PickFactory

ADDRESS = "/api/v1/openapi.json"
READS = [name for name in OPERATIONS if name != OPEN and "/webhooks" not in name]  # those: test_openapi_webhooks.py


def examples() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Every example of the document, with where it stands and the schema that it is an example of."""
    for name, operation in OPERATIONS.items():
        for parameter in map(resolved, operation["parameters"]):
            given_ones = [each["value"] for each in parameter.get("examples", {}).values()]
            given_ones += [parameter["example"]] if "example" in parameter else []
            for value in given_ones + parameter["schema"].get("examples", []):
                yield f"{name} {parameter['name']}", value, parameter["schema"]
        bodies = {"body": operation.get("requestBody", {}), **operation["responses"]}
        for status, body in bodies.items():
            for content in body.get("content", {}).values():
                for title, each in content.get("examples", {}).items():
                    yield f"{name} {status} {title}", resolved(each)["value"], content["schema"]
    for name, header in DOCUMENT["components"]["headers"].items():
        yield name, header["example"], header["schema"]
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, part in schema["properties"].items():
            for value in part.get("examples", []):
                yield f"{name} {field}", value, part


def address_of(name: str, id_: str) -> str:
    """The path of an operation, about the thing with this id."""
    return re.sub(r"\{\w+\}", id_, name.partition(" ")[2])


def test_it_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_nothing_in_the_views_had_to_be_guessed() -> None:
    GENERATOR_STATS.reset()
    document.__wrapped__()
    assert not GENERATOR_STATS


def test_every_path_is_described_and_no_other() -> None:
    routes = {
        "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(route.pattern))
        for route in urlpatterns
        if isinstance(route, URLPattern) and getattr(route.callback, "cls", None) and route.callback.cls.schema
    }
    assert {name.partition(" ")[2] for name in OPERATIONS} == routes
    assert {"/picks", "/picks/{pick_id}", "/track-record", "/match-analyses/{match_id}", "/usage"} < routes


def test_every_public_code_is_described_with_its_status() -> None:
    assert set(ERRORS) == set(PUBLIC_STATUS)
    met: set[str] = set()
    for name in OPERATIONS:
        assert codes_of(name).items() <= PUBLIC_STATUS.items()
        met |= set(codes_of(name))
    assert met == set(PUBLIC_STATUS)
    assert {schema_name(code) for code in ERRORS} <= set(DOCUMENT["components"]["schemas"])


def test_every_example_is_what_its_schema_says() -> None:
    found = list(examples())
    assert len(found) > 60
    assert [(place, why) for place, value, schema in found for why in faults(value, schema)] == []


def test_every_path_says_whether_it_asks_for_a_key() -> None:
    assert DOCUMENT["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for name, operation in OPERATIONS.items():
        assert operation.get("security") == (None if name == OPEN else [{"key": []}])
        assert ("401" in operation["responses"]) == (name != OPEN)
        done = next(iter(operation["responses"].values()))
        assert set(done["headers"]) >= LIMIT_HEADERS or name == OPEN


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_it_needs_no_key_and_no_store(client, headers) -> None:  # and no database: none is asked for here
    response = client.get(ADDRESS, headers=headers)
    assert response.content == document()
    as_described(OPEN, response, status=200)
    again = client.get(ADDRESS, headers={"If-None-Match": response["ETag"]})
    as_described(OPEN, again, status=304)
    assert client.head(ADDRESS)["ETag"] == response["ETag"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_another_method_is_told_so_without_a_key(client, method) -> None:
    response = client.generic(method, ADDRESS)
    as_described(OPEN, response, status=405)
    assert response.json()["error"] == "method_not_allowed"


def test_its_other_errors_are_as_described(client, monkeypatch) -> None:
    long = {"data": b"x" * 70_000, "content_type": "text/plain"}
    as_described(OPEN, client.generic("GET", ADDRESS, **long), status=413)
    as_described(OPEN, client.get(ADDRESS, headers={"Host": "evil.example"}), status=400)
    monkeypatch.setattr("apps.api.v1.openapi.document", lambda: 1 / 0)
    as_described(OPEN, client.get(ADDRESS), status=500)


@pytest.fixture
def pick_id(db: None, redis: object, monkeypatch: pytest.MonkeyPatch) -> str:
    """A published pick, among picks of every kind that a customer may see."""
    monkeypatch.setattr(HUB, "reads", True)  # as in the stream process, which opens streams
    PickFactory(published=True, fixture=FixtureFactory(origin=Origin.SANDBOX))
    PickFactory(published=True, league="", analysis="")
    for result in Outcome:
        PickFactory(settled=True, result=result, profit=0)
    return str(PickFactory(published=True).pk)


@pytest.mark.parametrize("name", [OPEN, *READS])
def test_real_answers_are_as_described(call: Call, pick_id: str, name: str) -> None:
    address = address_of(name, pick_id)
    response = call(address)
    as_described(name, response, status=200)
    if "304" in OPERATIONS[name]["responses"]:
        as_described(name, call(address, headers={"If-None-Match": response["ETag"]}), status=304)


def test_pages_of_every_kind_are_as_described(call: Call, pick_id: str) -> None:
    for asked in ({"limit": 1}, {"limit": 3}, {"sport": "chess"}):
        as_described("GET /picks", call("/picks", **asked), status=200)


def test_a_track_record_with_picks_in_it_is_as_described(call: Call) -> None:
    for result in Outcome:
        PickFactory(settled=True, result=result, profit=0, kickoff_at=timezone.now() - timedelta(days=3))
    rebuild()
    response = call("/track-record", sport="soccer")
    assert response.json()["series"]
    assert response.json()["per_sport"]
    as_described("GET /track-record", response, status=200)


ASKED = {
    "GET /picks": ["limit=x", "since=x", "cursor=x", "sport=%00", "league=%00"],
    "GET /picks/stream": ["events=x", *["events=pick.settled"] * MOST_STREAMS],
    "GET /track-record": ["days_back=0"],
}


@pytest.mark.parametrize("name", READS)
def test_real_errors_are_as_described_and_all_of_them_are_met(client, pick_id, name, monkeypatch) -> None:
    key, starter = ApiKeyFactory(), ApiKeyFactory(tier="starter")
    bearer = {"Authorization": f"Bearer {key.secret}"}
    address = "/api/v1" + address_of(name, pick_id)
    answers = [
        client.get(address),
        client.post(address, headers=bearer),
        client.generic("GET", address, b"x" * 70_000, headers=bearer),
        client.get(address, headers={**bearer, "Host": "evil.example"}),
        client.get("/api/v1" + address_of(name, "nothing"), headers=bearer),
        *(client.get(f"{address}?{query}", headers=bearer) for query in ASKED.get(name, [])),
        client.get(address, headers={"Authorization": f"Bearer {starter.secret}"}),
        client.get(address, headers={**bearer, "Last-Event-ID": "x"}),
    ]
    exhaust(starter)
    answers.append(client.get(address, headers={"Authorization": f"Bearer {starter.secret}"}))
    answers += over_the_month(client, address) + failing(client, address, bearer, monkeypatch)
    met: set[str] = set()
    for answer in answers:
        as_described(name, answer, status=answer.status_code)
        met |= {answer.json()["error"]} if answer.status_code >= 400 else set()
    assert met == set(codes_of(name))


def over_the_month(client: Any, address: str) -> list[HttpResponse]:
    key = ApiKeyFactory(tier="growth")
    use_up_month(key, 100_000)
    return [client.get(address, headers={"Authorization": f"Bearer {key.secret}"})]


def failing(client: Any, address: str, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[HttpResponse]:
    """A store away, a fault of ours, and too many failed keys from one address."""
    found = []
    for error in (OperationalError("away"), RuntimeError("a fault")):
        with monkeypatch.context() as patched:
            patched.setattr("apps.api.v1.base.ApiView.initial", raising(error))
            found.append(client.get(f"{address}?fails", headers=bearer))
    with monkeypatch.context() as patched:
        patched.setattr("apps.api.auth.failed_from", lambda _address: 42)
        found.append(client.get(address))
    return found


def raising(error: Exception) -> Any:
    def fail(*_args: object, **_asked: object) -> None:
        raise error

    return fail


def pattern_of(name: str) -> str:
    (found,) = (each for each in OPERATIONS["GET /picks"]["parameters"] if each.get("name") == name)
    return str(found["schema"]["pattern"])


SINCE, CURSOR = pattern_of("since"), pattern_of("cursor")
OUTSIDE = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:60Z",
]  # the calendar, once in UTC


@pytest.mark.parametrize(("field", "pattern"), [(InstantField(), SINCE), (CursorField(), CURSOR)])
def test_what_cannot_be_read_does_not_have_the_form(field, pattern) -> None:
    for text in set(UNREADABLE) - set(OUTSIDE):
        assert not re.search(pattern, text), text
        with pytest.raises(ValidationError):
            field.to_internal_value(text)


@given(text=st.from_regex(SINCE[1:-1], fullmatch=True).filter(lambda text: text[:4] not in ("0001", "9999")))
def test_whatever_has_the_form_of_a_time_is_read(text) -> None:
    assert InstantField().to_internal_value(text).tzinfo is not None


@given(text=st.from_regex(CURSOR[1:-1], fullmatch=True).filter(lambda text: text[:4] not in ("0001", "9999")))
def test_whatever_has_the_form_of_a_cursor_is_read(text) -> None:
    place = CursorField().to_internal_value(text)
    assert (place is None) == (text == "")
