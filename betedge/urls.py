"""Every address of the web process."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from apps.core import health
from apps.dashboard.admin.health import health_page

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/health/", admin.site.admin_view(health_page), name="admin_health"),
    path("admin/", admin.site.urls),
    path("accounts/", include("apps.accounts.urls")),
    path("api/", include("apps.api.urls")),
    path("", include("apps.dashboard.urls")),
    path("", include("apps.docs.urls")),
]

handler429 = "apps.accounts.views.too_many"  # allauth's limits ask for it here
handler500 = "apps.core.unavailable.broken"
