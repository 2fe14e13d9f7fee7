"""GET /match-analyses/{matchId}: the text behind a pick; the id is the pick's."""

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.tiers import GROWTH
from apps.api.answers import tagged_answer
from apps.api.fields import parse_pick_id
from apps.api.v1.base import ApiView, NotFound
from apps.core.times import rfc3339
from apps.picks.queries import analysis_of


class MatchAnalysis(ApiView):
    minimum_tier = GROWTH

    def get(self, request: Request, match_id: str) -> HttpResponse:
        try:
            pick = analysis_of(parse_pick_id(match_id))
        except ValueError:
            pick = None
        if pick is None:
            raise NotFound("There is no published analysis with this id.")
        return tagged_answer(
            request._request,
            {
                "match_id": str(pick.pk),
                "analysis": pick.analysis,
                "created_at": rfc3339(pick.analysis_at or pick.proposed_at),
            },
        )
