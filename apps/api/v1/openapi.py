"""GET /openapi.json: this API, described in OpenAPI 3.1. Open to everyone, with or without a key."""

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from apps.api.answers import tag_of, tagged_bytes
from apps.api.openapi import document
from apps.api.v1.base import ApiView

DOCUMENT = {
    "type": "object",
    "properties": {
        "openapi": {"type": "string", "examples": ["3.1.1"]},
        "info": {"type": "object"},
        "paths": {"type": "object"},
        "components": {"type": "object"},
    },
    "required": ["openapi", "info", "paths", "components"],
}


class OpenApi(ApiView):
    minimum_tier = None

    @extend_schema(
        operation_id="get_openapi",
        summary="This description",
        responses={200: OpenApiResponse(DOCUMENT, "The document."), 304: None},
    )
    def get(self, request: Request) -> HttpResponse:
        """The document that you are reading. It asks for no key and counts for nothing."""
        content = document()
        return tagged_bytes(content, tag=tag_of(content))
