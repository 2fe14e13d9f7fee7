"""The one address of the peer: its stream of picks."""

from django.urls import include, path

urlpatterns = [path("events/", include("django_eventstream.urls"), {"channels": ["picks"]})]
