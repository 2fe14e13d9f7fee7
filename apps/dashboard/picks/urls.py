"""Addresses of the picks and of their record, below an organisation's."""

from django.urls import path

from apps.dashboard.picks import views

urlpatterns = [
    path("picks", views.picks, name="picks"),
    path("picks/<uuid:pick_id>", views.pick, name="pick"),
    path("track-record", views.record, name="record"),
]
