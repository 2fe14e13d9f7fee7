"""GET /picks/stream: what comes before the first block. Everything after it is apps/api/stream's."""

from datetime import timedelta
from typing import Any, NamedTuple

import redis
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.access.keys import hash_secret, secret_in
from apps.accounts.tiers import ENTERPRISE
from apps.api.auth import admission_of
from apps.api.stream.hub import HUB
from apps.api.stream.places import MOST_STREAMS, Place, leave_place, take_place
from apps.api.v1.base import ApiView
from apps.core.errors import AppError
from apps.outbox.models import PUBLISHED, TYPES, InvalidEvents
from apps.outbox.queries import first_told_after, last_sequence

EVENT_STREAM = "text/event-stream"
KEPT = timedelta(hours=24)
MOST_DIGITS = 18
BLOCK = 'event: pick.published\ndata: {"id":"0b9c2f6e-7c1d-4a53-9a57-3d1f6f0c2b11","odds":1.91}\nid: 1042\n\n'


class InvalidLastEventId(AppError):
    code = "invalid_parameter"


class StreamLimit(AppError):
    code = "stream_limit"


class NotServed(AppError):
    code = "service_unavailable"


class StreamQuery(serializers.Serializer[Any]):
    events = serializers.CharField(
        default=PUBLISHED,
        allow_blank=True,
        trim_whitespace=False,
        help_text="Which events, with commas: `pick.published`, `pick.settled` or both.",
    )


class Opened(NamedTuple):
    """What a stream is begun with. begins_after: the event before its first; None: it has what comes from now on."""

    place: Place
    secret_hash: str
    types: frozenset[str]
    begins_after: int | None


class Opening(StreamingHttpResponse):
    """The head of a stream. Closed without having been begun, it gives its place back."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(content_type=EVENT_STREAM, headers={"X-Accel-Buffering": "no"})
        self.opened = opened

    def close(self) -> None:
        super().close()
        leave_place(self.opened.place)


class Stream(ApiView):
    minimum_tier = ENTERPRISE
    own_codes = {"GET": {InvalidEvents.code, StreamLimit.code}}

    @extend_schema(
        operation_id="stream_picks",
        summary="Picks as they are published",
        parameters=[
            StreamQuery,
            OpenApiParameter(
                "Last-Event-ID",
                str,
                OpenApiParameter.HEADER,
                description="The last `id` that you were sent: go on after it. It may be 24 hours old.",
                examples=[OpenApiExample("last", "1042")],
            ),
        ],
        responses={
            (200, EVENT_STREAM): OpenApiResponse(
                {"type": "string"}, "Blocks of server-sent events, without end.", [OpenApiExample("block", BLOCK)]
            )
        },
    )
    def get(self, request: Request) -> Opening:
        """Server-sent events: `data` is the pick, `id` the event's number. A comment every 30 s keeps it open."""
        types = event_types(self.parameters(StreamQuery, request)["events"])
        if not HUB.serves:
            raise NotServed("Streams cannot be opened now; try again in some seconds.")
        begins_after = begins_after_event(request.headers.get("Last-Event-ID", ""), types)
        secret = secret_in(request.headers.get("Authorization", "")) or ""
        return Opening(Opened(a_place(request), hash_secret(secret), types, begins_after))


def event_types(asked: str) -> frozenset[str]:
    """The types that are named, with commas between them. InvalidEvents."""
    types = frozenset(asked.split(","))
    if not types <= set(TYPES):
        raise InvalidEvents(both="or both with a comma")
    return types


def begins_after_event(last_event_id: str, types: frozenset[str]) -> int | None:
    """The event after which a stream goes on; None where none is named.

    InvalidLastEventId for what was never an id of ours, and for one after which the caller missed more than is kept:
    what is lost must not be passed over in silence.
    """
    if not last_event_id:
        return None
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= MOST_DIGITS):
        raise last_event_id_refused("it is not an id of ours")
    sequence = int(last_event_id)
    if sequence > last_sequence():
        raise last_event_id_refused("no event has had it yet")
    missed_from = first_told_after(sequence, types=types)
    if missed_from is not None and missed_from < timezone.now() - KEPT:
        raise last_event_id_refused("events after it are more than 24 hours old")
    return sequence


def last_event_id_refused(why: str) -> InvalidLastEventId:
    return InvalidLastEventId(
        f"Last-Event-ID: The stream cannot go on there, since {why}; leave it out, and read what you missed from "
        "GET /api/v1/picks.",
        parameter="Last-Event-ID",
    )


def a_place(request: Request) -> Place:
    """StreamLimit where the key has as many streams open as it may; NotServed where Redis does not say."""
    try:
        place = take_place(admission_of(request._request).who)
    except redis.RedisError as error:
        raise NotServed("A store cannot be reached; try again in some seconds.") from error
    if place is None:
        raise StreamLimit(f"This key has {MOST_STREAMS} streams open, all that it may: end one.", limit=MOST_STREAMS)
    return place
