"""Organisations in the admin: their people and their tier, a change of which holds from the next request on."""

from django.contrib import admin
from django.http import HttpRequest

from apps.accounts.models import Membership, Organization


class Members(admin.TabularInline):
    model = Membership
    fields = ["user", "role", "created_at"]
    readonly_fields = ["created_at"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    list_display = ["name", "tier", "created_at"]
    list_filter = ["tier"]
    search_fields = ["name"]
    fields = ["name", "tier", "created_at"]
    readonly_fields = ["created_at"]
    inlines = [Members]

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return False  # its keys stay to show who had them
