"""Addresses of the dashboard and of the front page. Each area lists its own below its organisation's."""

from django.urls import include, path

from apps.dashboard import entrance
from apps.dashboard.front import urls as front
from apps.dashboard.keys import urls as keys
from apps.dashboard.picks import urls as picks
from apps.dashboard.team import urls as team
from apps.dashboard.webhooks import urls as webhooks

app_name = "dashboard"
BELOW = [*keys.urlpatterns, *webhooks.urlpatterns, *picks.urlpatterns, *team.urlpatterns]

urlpatterns = [
    *front.urlpatterns,
    path("dashboard", entrance.enter, name="enter"),
    path("dashboard/", entrance.enter),
    path("dashboard/api-keys", entrance.enter, {"page": "keys"}),
    path("dashboard/webhooks", entrance.enter, {"page": "webhooks"}),
    *team.outside,
    path("dashboard/<uuid:organization_id>/", include(BELOW)),
]
