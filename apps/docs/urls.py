"""Every address of the public documentation."""

from django.urls import path

from apps.docs.views import page, without_slash

urlpatterns = [
    path("docs", page, {"slug": ""}, name="docs"),
    path("docs/<path:slug>", page, name="docs-page"),
    path("docs/", without_slash),
]
