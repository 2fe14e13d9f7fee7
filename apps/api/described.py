"""What all answers of the API share, as OpenAPI describes it: errors, headers, and what any request may carry."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from apps.accounts.tiers import GROWTH, STARTER, TIERS
from apps.api.stream.places import MOST_STREAMS
from apps.core.errors import PUBLIC_STATUS
from apps.outbox.models import TYPES
from apps.webhooks.models import MOST_SUBSCRIPTIONS
from apps.webhooks.urls import RULES

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """An error as callers meet it.

    when: what brings it about. message: an example of the sentence; None for the two bodies that the reference prints
    without one. fields: schemas of what else is in the body, each with an example; sometimes: of what may be.
    """

    when: str
    message: str | None = None
    fields: dict[str, Schema] = field(default_factory=dict)
    sometimes: dict[str, Schema] = field(default_factory=dict)


TIER = {"type": "string", "enum": list(TIERS)}
ERRORS = {
    "invalid_cursor": Described(
        "`cursor` is neither a `next_cursor` nor an RFC 3339 time.",
        "cursor: Give back next_cursor as it came, or an RFC 3339 time.",
    ),
    "invalid_events": Described(
        "An event is named that there is not.",
        f"events: Name {' or '.join(TYPES)}, or both.",
        {
            "allowed": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Those that there are.",
                "examples": [list(TYPES)],
            }
        },
    ),
    "invalid_parameter": Described(
        "A parameter cannot be read.",
        "limit: Give a whole number of at least 1.",
        {"parameter": {"type": "string", "description": "Which one.", "examples": ["limit"]}},
    ),
    "invalid_request": Described(
        "The host is not ours, the query string or the body cannot be read, or what is asked cannot be done now.",
        "url: This field is required.",
        sometimes={
            "field": {
                "type": "string",
                "description": "The body's field that is missing or of another type.",
                "examples": ["url"],
            }
        },
    ),
    "invalid_api_key": Described(
        "The key is missing, malformed, unknown, expired or revoked: the same answer for all five.",
        "Send a working key in one header: Authorization: Bearer betedge_ and 64 hex digits.",
    ),
    "tier_upgrade_required": Described(
        "The key's organisation is on a tier that does not open this endpoint.",
        f"This endpoint needs the {GROWTH.slug} tier or a higher one; this key's is {STARTER.slug}.",
        {
            "minimum_tier": {**TIER, "description": "The lowest that does.", "examples": [GROWTH.slug]},
            "current_tier": {**TIER, "description": "The organisation's.", "examples": [STARTER.slug]},
        },
    ),
    "not_found": Described(
        "There is nothing with this id, or nothing that this key may see.", "There is no published pick with this id."
    ),
    "method_not_allowed": Described(
        "The path takes other methods; `Allow` lists them.",
        "This path does not take that method; Allow lists those it takes.",
    ),
    "payload_too_large": Described("The body holds more than 64 KiB.", "The body may hold 64 KiB at most."),
    "unsupported_media_type": Described(
        "The body is not declared as `application/json`.", "Send the body as application/json."
    ),
    "rate_limit_exceeded": Described(
        "The key has used its hour, or too many failed keys came from one address. Not counted.",
        fields={
            "retry_after_seconds": {
                "type": "integer",
                "minimum": 1,
                "maximum": 3600,
                "description": "After so many seconds the same request is admitted, other traffic aside.",
                "examples": [42],
            }
        },
    ),
    "monthly_quota_exceeded": Described(
        "The organisation has used its month. Not counted.",
        fields={
            "resets_at": {
                "type": "string",
                "format": "date-time",
                "description": "When the next UTC calendar month begins.",
                "examples": ["2026-06-01T00:00:00.000Z"],
            }
        },
    ),
    "stream_limit": Described(
        "The key has as many streams open as it may.",
        f"This key has {MOST_STREAMS} streams open, all that it may: end one.",
        {"limit": {"type": "integer", "description": "How many that is.", "examples": [MOST_STREAMS]}},
    ),
    "invalid_url": Described(
        "A webhook's URL breaks a rule.",
        "A webhook's URL begins with https://.",
        {"reason": {"enum": list(RULES), "description": "The rule that it breaks.", "examples": ["scheme"]}},
    ),
    "duplicate_url": Described(
        "The key has a webhook with this URL.",
        "This key has a webhook with this URL; change that one.",
        {
            "subscription_id": {
                "type": "string",
                "format": "uuid",
                "description": "The one that it has.",
                "examples": ["7d9f0a52-3c58-4f0e-9a1e-52d3b6a4c0f1"],
            }
        },
    ),
    "subscription_limit": Described(
        "The key has as many webhooks as it may.",
        f"This key has {MOST_SUBSCRIPTIONS} webhooks, all that it may: delete one.",
        {"limit": {"type": "integer", "description": "How many that is.", "examples": [MOST_SUBSCRIPTIONS]}},
    ),
    "internal_error": Described(
        "A fault of ours; it is in our log under the request id.",
        "Something failed on our side; try again later, and quote the request id if it stays.",
        {"request_id": {"type": "string", "examples": ["1f0c9b7e5d2a4c83b6e47a90d3f5128c"]}},
    ),
    "service_unavailable": Described(
        "A store cannot be reached, or this cannot be done just now.",
        "A store cannot be reached; try again in some seconds.",
    ),
}

LIMITS = {
    "X-RateLimit-Limit": ("Requests the key may make in any 3,600 seconds.", GROWTH.hourly),
    "X-RateLimit-Remaining": ("How many of them are left.", 958),
    "X-RateLimit-Reset": ("When capacity next returns: Unix seconds, rounded up.", 1779720000),
    "X-Quota-Limit": ("Requests the organisation may make in a UTC calendar month.", GROWTH.monthly),
    "X-Quota-Remaining": ("How many of them are left.", 87_311),
    "X-Quota-Reset": ("When the next month begins: Unix seconds.", 1780272000),
}
WHOLE = {"type": "integer", "minimum": 0}
TEXT = {"type": "string", "minLength": 1}
HEADERS: dict[str, Schema] = {
    **{name: {"description": about, "schema": WHOLE, "example": value} for name, (about, value) in LIMITS.items()},
    "X-Request-Id": {
        "description": "Names this request in our log: the caller's own id, or one of ours.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        "example": "1f0c9b7e5d2a4c83b6e47a90d3f5128c",
    },
    "ETag": {
        "description": "Names this very answer; send it back as `If-None-Match`.",
        "schema": {"type": "string", "pattern": '^"[0-9a-f]+"$'},
        "example": '"5d41402abc4b2a76b9719d911017c592"',
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 42,
    },
    "WWW-Authenticate": {"description": "The scheme of the key.", "schema": {"const": "Bearer"}, "example": "Bearer"},
    "Allow": {"description": "The methods that this path takes.", "schema": TEXT, "example": "GET, HEAD, OPTIONS"},
}
HEADERS_OF_STATUS = {401: ["WWW-Authenticate"], 405: ["Allow"], 429: ["Retry-After"], 503: ["Retry-After"]}
# These may be given before the key is known: their answers carry the limits where it was.
PERHAPS_BEFORE_THE_KEY = {429, 500, 503}
WHERE_KNOWN = ".where-known"

PARAMETERS = {
    "X-Request-Id": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "Your own name for the request: kept if it is 1 to 64 of `A-Za-z0-9._-`, else replaced.",
        "schema": {"type": "string"},
        "example": "nightly-import-7",
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the answer that you have: if it still holds, you are sent 304 and no body.",
        "schema": {"type": "string"},
        "example": '"5d41402abc4b2a76b9719d911017c592"',
    },
}
KEY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "betedge_ and 64 lowercase hex digits",
    "description": "An API key, in one Authorization header.",
}


def ref(section: str, name: str) -> Schema:
    return {"$ref": f"#/components/{section}/{name}"}


def schema_name(code: str) -> str:
    """`rate_limit_exceeded` -> `RateLimitExceeded`."""
    return "".join(word.capitalize() for word in code.split("_"))


def components() -> dict[str, dict[str, Schema]]:
    """What the operations refer to, by section and name."""
    always = {name: {**header, "required": True} for name, header in HEADERS.items()}
    where_known = {f"{name}{WHERE_KNOWN}": HEADERS[name] for name in LIMITS}
    return {
        "schemas": {schema_name(code): error_schema(code) for code in ERRORS},
        "examples": {code: {"summary": each.when, "value": example(code)} for code, each in ERRORS.items()},
        "headers": always | where_known,
        "parameters": PARAMETERS,
        "securitySchemes": {"key": KEY},
    }


def error_schema(code: str) -> Schema:
    """The body that says this code; others' fields may be added to it over time."""
    error = ERRORS[code]
    properties: dict[str, Schema] = {"error": {"const": code}}
    if error.message is not None:
        properties["message"] = {**TEXT, "description": "A sentence for people; it may change."}
    properties |= error.fields
    return {
        "type": "object",
        "description": error.when,
        "properties": properties | error.sometimes,
        "required": list(properties),
    }


def example(code: str) -> dict[str, Any]:
    error = ERRORS[code]
    sentence = {} if error.message is None else {"message": error.message}
    fields = error.fields | error.sometimes
    return {"error": code, **sentence, **{name: schema["examples"][0] for name, schema in fields.items()}}


def headers(status: int, *, key: bool, tagged: bool) -> dict[str, Schema]:
    """Those of an answer; `key`: of a path that asks for one. `tagged`: of one whose answers carry an ETag."""
    names = ["X-Request-Id", *HEADERS_OF_STATUS.get(status, [])]
    if tagged and status < HTTPStatus.BAD_REQUEST:
        names.append("ETag")
    found = {name: ref("headers", name) for name in names}
    if key and status != HTTPStatus.UNAUTHORIZED:
        suffix = WHERE_KNOWN if status in PERHAPS_BEFORE_THE_KEY else ""
        found |= {name: ref("headers", f"{name}{suffix}") for name in LIMITS}
    return found


def error_responses(codes: set[str], *, key: bool) -> dict[str, Schema]:
    """A response by status, for every error that an operation can answer with."""
    by_status: dict[int, list[str]] = {}
    for code in (code for code in PUBLIC_STATUS if code in codes):
        by_status.setdefault(PUBLIC_STATUS[code], []).append(code)
    return {str(status): error_response(status, found, key=key) for status, found in by_status.items()}


def error_response(status: int, codes: list[str], *, key: bool) -> Schema:
    shapes = [ref("schemas", schema_name(code)) for code in codes]
    return {
        "description": " ".join(f"`{code}`: {ERRORS[code].when}" for code in codes),
        "headers": headers(status, key=key, tagged=False),
        "content": {
            "application/json": {
                "schema": shapes[0] if len(shapes) == 1 else {"oneOf": shapes},
                "examples": {code: ref("examples", code) for code in codes},
            }
        },
    }
