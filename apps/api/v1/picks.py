"""GET /picks and /picks/{id}: published and settled picks, newest kick-off first."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from apps.api.answers import tagged_answer
from apps.api.fields import CursorField, InstantField, NameField, PageLimitField, parse_pick_id, write_cursor
from apps.api.v1.base import ApiView, NotFound
from apps.picks.announcement import announcement
from apps.picks.queries import Page, page_of_picks, published_pick


class PickQuery(serializers.Serializer[Any]):
    """What a caller may ask; a field that cannot be read raises its own error code."""

    sport = NameField()
    league = NameField()
    since = InstantField(required=False)
    cursor = CursorField(required=False)
    limit = PageLimitField(default=50, most=200)


class PickList(ApiView):
    def get(self, request: Request) -> HttpResponse:
        asked = self.parameters(PickQuery, request)
        page = page_of_picks(
            sport=asked.get("sport"),
            league=asked.get("league"),
            since=asked.get("since"),
            after=asked.get("cursor"),
            limit=asked["limit"],
        )
        return tagged_answer(request._request, page_body(page))


def page_body(page: Page) -> dict[str, Any]:
    return {
        "data": [announcement(pick) for pick in page.picks],
        "next_cursor": None if page.next is None else write_cursor(page.next),
        "count": page.count,
    }


class PickDetail(ApiView):
    def get(self, request: Request, pick_id: str) -> HttpResponse:
        try:
            pick = published_pick(parse_pick_id(pick_id))
        except ValueError:
            pick = None
        if pick is None:
            raise NotFound("There is no published pick with this id.")
        return tagged_answer(request._request, announcement(pick))
