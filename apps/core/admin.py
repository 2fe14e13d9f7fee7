"""What the admin pages of every app share."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the system writes and people only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def response_action(self, request: HttpRequest, queryset: "QuerySet[Any]") -> HttpResponse | None:
        """Do the chosen action to the ticked rows; Django itself answers a tick that is no id with a 500."""
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        ids = [tick for tick in ticked if self._is_id(tick)]
        if len(ids) < len(ticked):
            self.message_user(request, "What is no id was left out; tick the rows again.", messages.WARNING)
            post = request.POST.copy()
            post.setlist(ACTION_CHECKBOX_NAME, ids)
            request.POST = post  # type: ignore[assignment]
        return super().response_action(request, queryset)

    def _is_id(self, tick: str) -> bool:
        try:
            self.opts.pk.to_python(tick)
        except ValidationError:
            return False
        return True


admin.site.site_header = admin.site.site_title = "BetEdge"
admin.site.index_title = "Review and operation"
admin.site.site_url = None
admin.site.enable_nav_sidebar = False  # the lists need the width
