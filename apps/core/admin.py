"""What the admin pages of every app share, and how one gets in: by the sign-in of all, with staff's second factor."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Field, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

NUL = "\x00"  # PostgreSQL takes none in a text


class PlainFields(BaseModelAdmin):
    """Forms without buttons that open other forms in windows: those need scripts of 85 KB on every page."""

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


class GuardedAdmin(PlainFields, admin.ModelAdmin):
    """An admin that answers crafted ids and filters as Django answers wrong ones, where Django itself would fail."""

    @property
    def media(self) -> forms.Media:
        """What ticks rows. What else Django's lists and forms bring serves windows and fields filled from others."""
        return forms.Media(js=["admin/js/actions.js"])

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return None if NUL in object_id else super().get_object(request, object_id, from_field)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if any(NUL in value for _, values in request.GET.lists() for value in values):
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        return super().changelist_view(request, extra_context)

    def response_action(self, request: HttpRequest, queryset: "QuerySet[Any]") -> HttpResponse | None:
        """Do the chosen action to the ticked rows, but for ticks that are no ids."""
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


class ReadOnlyAdmin(GuardedAdmin):
    """Rows that the system writes and people only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyRows(admin.TabularInline):
    """Rows below another's page that the system writes and people only read."""

    template = "admin/rows.html"
    extra = 0
    can_delete = False
    media = forms.Media()  # nothing is added here, so no script adds rows

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# Allauth's own pages show secrets, or sessions that nobody needs to see; Django's of people have fields without labels.
for model in (Authenticator, EmailAddress, Group, User, UserSession):
    admin.site.unregister(model)


class People(GuardedAdmin, UserAdmin):
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")


@admin.register(Group)
class Groups(GuardedAdmin, GroupAdmin):
    filter_horizontal = ()


@admin.register(EmailAddress)
class Addresses(GuardedAdmin, EmailAddressAdmin):
    """Which address is whose, and confirmed. People add their own."""

    raw_id_fields = ()
    readonly_fields = ("user",)
    list_select_related = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Authenticator)
class SecondFactors(ReadOnlyAdmin):
    """Which second factors somebody has; taken away from one who lost theirs. Never what they are."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    fields = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    search_fields = ["user__email", "user__username"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "BetEdge"
admin.site.index_title = "Review and operation"
admin.site.site_url = None
admin.site.enable_nav_sidebar = False  # the lists need the width
