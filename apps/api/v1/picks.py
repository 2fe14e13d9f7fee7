"""GET /picks and /picks/{id}: published and settled picks, newest kick-off first."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.api.answers import tagged_answer
from apps.api.fields import CursorField, InstantField, NameField, PageLimitField, parse_id, write_cursor
from apps.api.openapi import id_in_path
from apps.api.v1.base import ApiView, NotFound
from apps.picks.announcement import announcement
from apps.picks.models import OUT, Outcome
from apps.picks.queries import Page, page_of_picks, published_pick


class PickQuery(serializers.Serializer[Any]):
    """What a caller may ask; a field that cannot be read raises its own error code."""

    sport = NameField(example="soccer", help_text="A sport's slug, in any case; an unknown one gives nothing.")
    league = NameField(example="Premier League", help_text="A league's whole name, in any case.")
    since = InstantField(
        required=False,
        help_text="Only picks that kick off after it: a date, or a time with or without an offset (then UTC).",
    )
    cursor = CursorField(
        required=False,
        help_text="Where to go on: the `next_cursor` of the page before, or any RFC 3339 time. Empty: the beginning.",
    )
    limit = PageLimitField(default=50, most=200, help_text="How many picks a page may hold.")


class PickShape(serializers.Serializer[Any]):
    """A published or settled pick."""

    id = serializers.UUIDField()
    sport = serializers.CharField(help_text="A slug: `soccer`, `tennis`.")
    league = serializers.CharField(allow_blank=True, help_text="Its name; empty where none is known.")
    home_team = serializers.CharField()
    away_team = serializers.CharField()
    kickoff_at = serializers.DateTimeField(help_text="The scheduled start.")
    pick = serializers.CharField(help_text="The bet in words: `Over 2.5 Goals`, `Nadal to win`.")
    odds = serializers.FloatField(min_value=1, help_text="Decimal odds on offer when it was picked.")
    edge_pct = serializers.FloatField(help_text="100 × (odds × fair probability − 1).")
    confidence = serializers.IntegerField(min_value=1, max_value=5)
    status = serializers.ChoiceField(choices=[str(status) for status in OUT])
    settled_at = serializers.DateTimeField(allow_null=True, help_text="Null until it is settled.")
    result = serializers.ChoiceField(choices=Outcome.values, allow_null=True, help_text="Null until it is settled.")
    anchor = serializers.CharField(help_text="Whose prices, freed of their margin, it was measured against.")
    sandbox = serializers.BooleanField(required=False, help_text="True on invented matches, absent on real ones.")


class PickPageShape(serializers.Serializer[Any]):
    data = PickShape(many=True)  # type: ignore[assignment]  # DRF has a `data` too
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Give it back as `cursor` for the next page; null on the last one."
    )
    count = serializers.IntegerField(min_value=0, help_text="How many match the filters in all, the cursor aside.")


PICK = {
    "id": "0b9c2f6e-7c1d-4a53-9a57-3d1f6f0c2b11",
    "sport": "soccer",
    "league": "Premier League",
    "home_team": "Arsenal",
    "away_team": "Chelsea",
    "kickoff_at": "2026-05-25T15:00:00Z",
    "pick": "Arsenal -0.5 Asian Handicap",
    "odds": 1.91,
    "edge_pct": 4.2,
    "confidence": 3,
    "status": "published",
    "settled_at": None,
    "result": None,
    "anchor": "pinnacle",
}
SETTLED = {**PICK, "status": "settled", "settled_at": "2026-05-25T17:02:11.480Z", "result": "win"}
PAGE = {"data": [PICK], "next_cursor": "2026-05-25T14:00:00Z", "count": 47}


class PickList(ApiView):
    @extend_schema(
        operation_id="list_picks",
        summary="Picks, newest kick-off first",
        parameters=[PickQuery],
        responses={200: OpenApiResponse(PickPageShape, "A page.", [OpenApiExample("page", PAGE)]), 304: None},
    )
    def get(self, request: Request) -> HttpResponse:
        """Published and settled picks; of the same kick-off, the highest id first. Each stands on exactly one page."""
        asked = self.parameters(PickQuery, request)
        page = page_of_picks(
            sport=asked.get("sport"),
            league=asked.get("league"),
            since=asked.get("since"),
            after=asked.get("cursor"),
            limit=asked["limit"],
        )
        return tagged_answer(page_body(page))


def page_body(page: Page) -> dict[str, Any]:
    return {
        "data": [announcement(pick) for pick in page.picks],
        "next_cursor": None if page.next is None else write_cursor(page.next),
        "count": page.count,
    }


class PickDetail(ApiView):
    @extend_schema(
        operation_id="get_pick",
        summary="One pick",
        parameters=[id_in_path("pick_id", of="pick", example=PICK["id"])],
        responses={
            200: OpenApiResponse(
                PickShape, "The pick.", [OpenApiExample("published", PICK), OpenApiExample("settled", SETTLED)]
            ),
            304: None,
        },
    )
    def get(self, request: Request, pick_id: str) -> HttpResponse:
        """A pick that is neither published nor settled is `not_found`."""
        try:
            pick = published_pick(parse_id(pick_id))
        except ValueError:
            pick = None
        if pick is None:
            raise NotFound("There is no published pick with this id.")
        return tagged_answer(announcement(pick))
