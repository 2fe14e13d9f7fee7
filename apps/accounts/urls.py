"""The addresses under /accounts/: allauth's, and ours."""

from django.urls import include, path

from apps.accounts import views

urlpatterns = [
    path("", views.account, name="account"),
    path("sessions/end/", views.end, name="end_session"),
    path("", include("allauth.urls")),
]
