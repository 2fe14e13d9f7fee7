"""The picks app."""

from django.apps import AppConfig


class PicksConfig(AppConfig):
    name = "apps.picks"
    label = "picks"
