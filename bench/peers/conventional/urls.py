"""The two endpoints that are compared."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import path
from django.utils import timezone
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.peers.conventional.models import Pick

SUMS: dict[str, Any] = {
    "total_settled": Count("id"),
    "wins": Count("id", filter=Q(result__in=["win", "half_win"])),
    "profit": Sum("profit"),
    "edge": Avg("edge"),
    "clv": Avg("clv"),
}


class PickSerializer(serializers.ModelSerializer[Pick]):
    home_team = serializers.CharField(source="fixture.home_team")
    away_team = serializers.CharField(source="fixture.away_team")
    pick = serializers.CharField(source="selection")
    edge_pct = serializers.SerializerMethodField()

    class Meta:
        model = Pick
        fields = [
            *("id", "sport", "league", "home_team", "away_team", "kickoff_at", "pick", "odds", "edge_pct"),
            *("confidence", "status", "settled_at", "result", "anchor"),
        ]

    def get_edge_pct(self, pick: Pick) -> Decimal:
        return round(pick.edge * 100, 2)


class PickList(generics.ListAPIView[Pick]):
    """Newest kick-off first; pages by offset, counted anew for each."""

    serializer_class = PickSerializer

    def get_queryset(self) -> QuerySet[Pick]:
        out = Pick.objects.filter(status__in=["published", "settled"])
        return out.select_related("fixture").order_by("-kickoff_at", "-id")


class TrackRecord(APIView):
    """Adds up the settled picks themselves."""

    def get(self, request: Request) -> Response:
        since = timezone.now() - timedelta(days=int(request.query_params.get("days_back", 30)))
        settled = Pick.objects.filter(status="settled", settled_at__gte=since)
        days = settled.annotate(day=TruncDate("settled_at")).values("day").annotate(**SUMS).order_by("day")
        sports = settled.values("sport").annotate(**SUMS).order_by("-total_settled")
        return Response({"overall": settled.aggregate(**SUMS), "per_sport": list(sports), "series": list(days)})


urlpatterns = [path("api/v1/picks", PickList.as_view()), path("api/v1/track-record", TrackRecord.as_view())]
