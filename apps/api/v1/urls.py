"""Every path of version 1 of the API."""

from django.urls import path

from apps.api.v1.match_analyses import MatchAnalysis
from apps.api.v1.picks import PickDetail, PickList
from apps.api.v1.track_record import TrackRecord
from apps.api.v1.usage import Usage

urlpatterns = [
    path("picks", PickList.as_view()),
    path("picks/<str:pick_id>", PickDetail.as_view()),
    path("track-record", TrackRecord.as_view()),
    path("usage", Usage.as_view()),
    path("match-analyses/<str:match_id>", MatchAnalysis.as_view()),
]
