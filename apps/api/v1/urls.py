"""Every path of version 1 of the API."""

from django.urls import path

from apps.api.v1.match_analyses import MatchAnalysis
from apps.api.v1.not_open import Webhooks
from apps.api.v1.openapi import OpenApi
from apps.api.v1.picks import PickDetail, PickList
from apps.api.v1.stream import Stream
from apps.api.v1.track_record import TrackRecord
from apps.api.v1.usage import Usage

urlpatterns = [
    path("openapi.json", OpenApi.as_view()),
    path("picks", PickList.as_view()),
    path("picks/stream", Stream.as_view()),
    path("picks/<str:pick_id>", PickDetail.as_view()),
    path("track-record", TrackRecord.as_view()),
    path("usage", Usage.as_view()),
    path("match-analyses/<str:match_id>", MatchAnalysis.as_view()),
    path("webhooks", Webhooks.as_view(methods=["GET", "HEAD", "POST"])),
    path("webhooks/<str:id>", Webhooks.as_view(methods=["GET", "HEAD", "PATCH", "DELETE"])),
    path("webhooks/<str:id>/rotate-secret", Webhooks.as_view(methods=["POST"])),
    path("webhooks/<str:id>/test", Webhooks.as_view(methods=["POST"])),
    path("webhooks/<str:id>/enable", Webhooks.as_view(methods=["POST"])),
    path("webhooks/<str:id>/deliveries", Webhooks.as_view(methods=["GET", "HEAD"])),
    path("webhooks/<str:id>/deliveries/<str:delivery>/redeliver", Webhooks.as_view(methods=["POST"])),
]
