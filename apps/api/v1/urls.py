"""Every path of version 1 of the API."""

from django.urls import path

from apps.api.v1.deliveries import DeliveryList, Redelivery
from apps.api.v1.match_analyses import MatchAnalysis
from apps.api.v1.openapi import OpenApi
from apps.api.v1.picks import PickDetail, PickList
from apps.api.v1.stream import Stream
from apps.api.v1.track_record import TrackRecord
from apps.api.v1.usage import Usage
from apps.api.v1.webhook_deeds import WebhookEnabling, WebhookSecret, WebhookTest
from apps.api.v1.webhooks import WebhookDetail, WebhookList

urlpatterns = [
    path("openapi.json", OpenApi.as_view()),
    path("picks", PickList.as_view()),
    path("picks/stream", Stream.as_view()),
    path("picks/<str:pick_id>", PickDetail.as_view()),
    path("track-record", TrackRecord.as_view()),
    path("usage", Usage.as_view()),
    path("match-analyses/<str:match_id>", MatchAnalysis.as_view()),
    path("webhooks", WebhookList.as_view()),
    path("webhooks/<str:webhook_id>", WebhookDetail.as_view()),
    path("webhooks/<str:webhook_id>/rotate-secret", WebhookSecret.as_view()),
    path("webhooks/<str:webhook_id>/test", WebhookTest.as_view()),
    path("webhooks/<str:webhook_id>/enable", WebhookEnabling.as_view()),
    path("webhooks/<str:webhook_id>/deliveries", DeliveryList.as_view()),
    path("webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/redeliver", Redelivery.as_view()),
]
