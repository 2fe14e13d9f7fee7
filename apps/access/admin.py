"""API keys in the admin: seen and revoked. Keys are made by their owners, so that no one else sees a secret."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.access.models import ApiKey, ApiSecret
from apps.access.services import revoke_key
from apps.accounts.admin import staff
from apps.core.admin import ReadOnlyAdmin, ReadOnlyRows


class Secrets(ReadOnlyRows):
    """Which secrets a key has had, until when the old ones work, and which are still used."""

    model = ApiSecret
    fields = ["shown", "created_at", "works_until", "last_used_at"]
    readonly_fields = ["shown", "created_at", "works_until", "last_used_at"]

    @admin.display(description="Secret")
    def shown(self, secret: ApiSecret) -> str:
        return str(secret)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["shown", "name", "organization", "state", "created_at"]
    list_select_related = ["organization"]
    list_filter = ["organization__tier"]
    search_fields = ["name", "secrets__prefix", "organization__name"]
    fields = ["shown", "name", "organization", "state", "created_at", "expires_at", "revoked_at"]
    inlines = [Secrets]
    actions = ["revoke"]

    @admin.display(description="Key", ordering="prefix")
    def shown(self, key: ApiKey) -> str:
        return f"betedge_{key.prefix}…{key.last_four}"

    @admin.display(description="State")
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return "revoked"
        return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "working"

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        by, now = staff(request), timezone.now()
        ended = [revoke_key(key_id=key.pk, now=now, by=by) for key in keys]
        self.message_user(request, f"{len(ended)} revoked, in force from now on.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("access.change_apikey")
