"""Every address under /api/; what is not listed is answered in the API's own words, slash or no slash."""

from django.urls import include, path, re_path

from apps.api.v1.base import no_such_path

urlpatterns = [
    path("v1/", include("apps.api.v1.urls")),
    re_path("", no_such_path),
]
