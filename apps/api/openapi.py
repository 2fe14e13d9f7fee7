"""The description of version 1 in OpenAPI 3.1, read off the views: each says what is its own, this file the rest."""

from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.serializers import Serializer

from apps.access.usage import UNCOUNTED
from apps.accounts.tiers import STARTER
from apps.api.answers import json_bytes
from apps.api.bodies import WITH_BODY
from apps.api.described import PARAMETERS, Schema, components, error_responses, headers, ref
from apps.core.errors import PUBLIC_STATUS

ABOUT = """Published and settled betting picks, measured against a sharp anchor; how they did; why they were picked.

Send your key with every request: `Authorization: Bearer betedge_…`. Times are UTC, odds and percentages are numbers.

Every error is `{"error": "<code>", "message": "<a sentence for people>", …}`; only `error` is for programs. What is
wrong is looked for in this order: key, hourly limit, monthly cap, path, method, tier, body, parameters, resource.

Fields, headers, parameters and endpoints may be added at any time: ignore what you do not know. Any origin may call:
`OPTIONS` is answered 204 without a key, uncounted; `HEAD` like `GET`, without the body. Paths that are not here are
answered with `not_found`, to those who have a key; request lines and headers too long for the server, by itself, with
400, 414 or 431. Every answer to a working key is counted, 304 too, but for `/usage` and what a limit refused."""

# What can go wrong wherever one asks; and wherever a key is asked for.
ANYWHERE = {"invalid_request", "method_not_allowed", "payload_too_large", "internal_error"}
WITH_A_KEY = {"invalid_api_key", "rate_limit_exceeded", "service_unavailable"}


class ApiSchema(AutoSchema):
    """An operation, with what every view of ours does by itself: key, limits, tier, errors, ids, tags.

    A view that names 304 among its responses is one whose answers carry an ETag.
    """

    view: Any  # an ApiView; its file imports this one

    def get_operation(self, *args: Any, **kwargs: Any) -> Schema | None:
        operation: Schema | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        key, tagged = self.view.minimum_tier is not None, "304" in operation["responses"]
        for status, response in operation["responses"].items():
            response["headers"] = headers(int(status), key=key, tagged=tagged)
            if status == "304":
                response["description"] = "What you have still holds: `If-None-Match` names it."
        operation["responses"] |= error_responses(self.codes(), key=key)
        carried = [name for name in PARAMETERS if tagged or name != "If-None-Match"]
        operation["parameters"] = [*operation.get("parameters", []), *(ref("parameters", name) for name in carried)]
        return operation

    def get_auth(self) -> list[Schema]:
        return [] if self.view.minimum_tier is None else [{"key": []}]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Shape")

    def _map_serializer_field(self, *args: Any, **kwargs: Any) -> Schema:
        schema: Schema = super()._map_serializer_field(*args, **kwargs)  # type: ignore[no-untyped-call]
        schema.pop("x-spec-enum-id", None)  # drf-spectacular's note to itself
        return schema

    def codes(self) -> set[str]:
        """Every error that the operation can answer with."""
        tier, queries = self.view.minimum_tier, self.queries()
        found: set[str] = {*ANYWHERE, *self.view.own_codes.get(self.method, ())}
        found |= {code for query in queries for code in own_codes(query)}
        if self.method in WITH_BODY:
            found.add("unsupported_media_type")
        if tier is not None:
            found |= WITH_A_KEY
            if self.path.strip("/") != UNCOUNTED:
                found.add("monthly_quota_exceeded")
            if tier is not STARTER:
                found.add("tier_upgrade_required")
        if queries:
            found.add("invalid_parameter")
        if "{" in self.path:
            found.add("not_found")
        return found

    def queries(self) -> "list[Serializer[Any]]":
        """The serializers that read the query string."""
        asked = self.get_override_parameters()
        return [each() for each in asked if isinstance(each, type) and issubclass(each, Serializer)]


def id_in_path(name: str, *, of: str, example: Any) -> OpenApiParameter:
    """The id of something, under the name that the path gives it."""
    return OpenApiParameter(
        name, UUID, OpenApiParameter.PATH, description=f"A {of}'s id.", examples=[OpenApiExample(of, example)]
    )


def own_codes(query: "Serializer[Any]") -> set[str]:
    """The codes that single fields have for what they cannot read."""
    return {code for field in query.fields.values() for code in field.error_messages if code in PUBLIC_STATUS}


@cache
def document() -> bytes:
    """The whole description in JSON. It takes a tenth of a second, once in a process."""
    generator = SchemaGenerator(urlconf="apps.api.v1.urls")  # type: ignore[no-untyped-call]
    written: Schema = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    written["info"] |= {"description": ABOUT, "summary": "Sports-betting picks for programs."}
    written["servers"] = [{"url": f"{settings.BETEDGE_PUBLIC_URL}/api/v1"}]
    for section, found in components().items():
        written["components"][section] = {**written["components"].get(section, {}), **found}
    return json_bytes(written)
