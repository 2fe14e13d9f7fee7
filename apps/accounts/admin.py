"""Organisations in the admin: who is on which tier. A change of tier holds from the next request on."""

from django.contrib import admin
from django.http import HttpRequest

from apps.accounts.models import Organization


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    list_display = ["name", "tier", "created_at"]
    list_filter = ["tier"]
    search_fields = ["name"]
    fields = ["name", "tier", "created_at"]
    readonly_fields = ["created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return False  # its keys stay to show who had them
