"""The front page, and what crawlers are told."""

from django.urls import path

from apps.dashboard.front import views

urlpatterns = [
    path("", views.front, name="front"),
    path("robots.txt", views.robots, name="robots"),
]
