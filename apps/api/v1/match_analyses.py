"""GET /match-analyses/{matchId}: the text behind a pick; the id is the pick's."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts.tiers import GROWTH
from apps.api.answers import tagged_answer
from apps.api.fields import parse_id
from apps.api.openapi import id_in_path
from apps.api.v1.base import ApiView, NotFound
from apps.core.times import rfc3339
from apps.picks.queries import analysis_of


class MatchAnalysisShape(serializers.Serializer[Any]):
    match_id = serializers.UUIDField(help_text="The pick's id.")
    analysis = serializers.CharField()
    created_at = serializers.DateTimeField()


ANALYSIS = {
    "match_id": "0b9c2f6e-7c1d-4a53-9a57-3d1f6f0c2b11",
    "analysis": "Arsenal vs Chelsea: Pinnacle fair value is 1.83 on Arsenal -0.5.",
    "created_at": "2026-05-25T07:00:00Z",
}


class MatchAnalysis(ApiView):
    minimum_tier = GROWTH

    @extend_schema(
        operation_id="get_match_analysis",
        summary="The text behind a pick",
        parameters=[id_in_path("match_id", of="pick", example=ANALYSIS["match_id"])],
        responses={
            200: OpenApiResponse(MatchAnalysisShape, "The text.", [OpenApiExample("text", ANALYSIS)]),
            304: None,
        },
    )
    def get(self, request: Request, match_id: str) -> HttpResponse:
        """Malformed, unknown, not published, or without an analysis: `not_found`."""
        try:
            pick = analysis_of(parse_id(match_id))
        except ValueError:
            pick = None
        if pick is None:
            raise NotFound("There is no published analysis with this id.")
        return tagged_answer(
            {
                "match_id": str(pick.pk),
                "analysis": pick.analysis,
                "created_at": rfc3339(pick.analysis_at or pick.proposed_at),
            },
        )
