"""Organisations in the admin: people, tier and requests for another, each change of which is in their audit log."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Case, QuerySet, Value, When
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseInlineFormSet
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.audit import Actor, Kind, record
from apps.accounts.members import str_of
from apps.accounts.models import AuditEntry, Invitation, Membership, Organization, TierRequest
from apps.accounts.roles import Role
from apps.accounts.services import change_tier, free_name, rename_organization
from apps.accounts.tier_requests import decline, grant
from apps.core.admin import GuardedAdmin, People, PlainFields, ReadOnlyAdmin
from apps.core.errors import AppError
from apps.core.requests import address_of


def staff(request: HttpRequest) -> Actor:
    """Whoever acts in the admin. Customers read the log: it names us, and for ourselves it keeps who it was."""
    assert isinstance(request.user, User)
    return Actor(Kind.STAFF, "BetEdge staff", user_id=request.user.pk, address=address_of(request) or None)


@admin.register(User)
class PeopleOfOrganizations(People):
    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Who is in an organisation is removed there first, which its log tells, and which keeps it an owner."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        memberships = Membership.objects.filter(user__in=objs).select_related("user", "organization")
        told = [
            f"{str_of(each)} is {each.role} of {each.organization.name}: make another person the owner there if nobody "
            "else is, and remove this one."
            for each in memberships
        ]
        return deleted, counts, lacking, told or protected


class NameOf(forms.Widget):
    """Somebody's name to read, with their id to send back."""

    def __init__(self, person: User) -> None:
        super().__init__()
        self.person = person

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return format_html('{}<input type="hidden" name="{}" value="{}">', self.person, name, self.person.pk)


class RoleOf(forms.Select):
    """A choice without a template for each of its options: a page may have a hundred, which would take 100 ms."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((each, flatatt({"selected": each == value}), label) for each, label in self.choices),
        )
        given = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>{}</select>", given, options)


class MemberForm(forms.ModelForm):
    class Meta:
        widgets: ClassVar = {"role": RoleOf}

    def clean_user(self) -> User:
        user: User = self.cleaned_data["user"]
        if self.instance.pk and user.pk != self.instance.user_id:
            raise ValidationError("Remove this person and add the other one; a membership is one person's.")
        return user


class MembersFormSet(BaseInlineFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if form.instance.pk:
            form.fields["user"].widget = NameOf(form.instance.user)
        who = form.instance.user if form.instance.pk else "the new person"
        for name, label in (("role", f"Role of {who}"), (DELETION_FIELD_NAME, f"Remove {who}")):
            if name in form.fields:
                form.fields[name].widget.attrs["aria-label"] = label

    def clean(self) -> None:
        super().clean()
        had = self.get_queryset().filter(role=Role.OWNER).exists()
        kept = [form.cleaned_data for form in self.forms if form.is_valid() and not form.cleaned_data.get("DELETE")]
        if had and not any(each.get("role") == Role.OWNER for each in kept):
            raise ValidationError("An organisation is never without an owner: make another person the owner too.")


class Members(PlainFields, admin.TabularInline):
    model = Membership
    form = MemberForm
    formset = MembersFormSet
    fields = ["user", "role", "created_at"]
    readonly_fields = ["created_at"]
    autocomplete_fields = ["user"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        return super().get_queryset(request).select_related("user")


class OrganizationForm(forms.ModelForm):
    def clean_name(self) -> str:
        try:
            return free_name(self.cleaned_data["name"], but_for=self.instance)
        except AppError as error:
            raise ValidationError(str(error)) from error


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    form = OrganizationForm
    list_display = ["name", "tier", "created_at"]
    list_filter = ["tier"]
    search_fields = ["name"]
    fields = ["name", "tier", "created_at"]
    readonly_fields = ["created_at"]
    inlines = [Members]

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        return False  # its keys stay to show who had them

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        by, now = staff(request), timezone.now()
        if change:
            rename_organization(organization=obj, name=obj.name, by=by, now=now)
            change_tier(organization=obj, tier=obj.tier, by=by, now=now)
        else:
            obj.save()
            record(obj, "organization.created", by=by, now=now, subject=obj.name, tier=obj.tier)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        by, now = staff(request), timezone.now()
        before = {each.instance.pk: each.initial.get("role") for each in formset.initial_forms}
        formset.save()
        for member in formset.new_objects:
            record(member.organization, "member.joined", by=by, now=now, subject=str_of(member), role=member.role)
        for member, _fields in formset.changed_objects:
            facts = {"role": member.role, "before": before[member.pk]}
            record(member.organization, "member.role_changed", by=by, now=now, subject=str_of(member), **facts)
        for member in formset.deleted_objects:
            record(member.organization, "member.removed", by=by, now=now, subject=str_of(member), role=member.role)


class AnswerForm(forms.ModelForm):
    """Answered by one of two buttons; who is declined reads why."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "_decline" in self.data and not (cleaned.get("answer") or "").strip():
            self.add_error("answer", "Say why it is declined: the customer reads the answer.")
        if "_decline" not in self.data and "_grant" not in self.data:
            raise ValidationError("Choose Grant or Decline.")
        return cleaned


@admin.register(TierRequest)
class TierRequestAdmin(GuardedAdmin):
    form = AnswerForm
    list_display = ["organization", "tier", "status", "asked_at", "asked_by", "decided_at"]
    list_select_related = ["organization", "asked_by"]
    list_filter = ["status"]
    search_fields = ["organization__name"]
    search_help_text = "Search by organisation"
    show_facets = admin.ShowFacets.NEVER
    empty_state = "No organisation asks for another tier, or none that fits these filters."
    readonly_fields = ["organization", "tier", "note", "status", "asked_by", "asked_at", "decided_by", "decided_at"]
    fields = [*readonly_fields, "answer"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> "QuerySet[TierRequest]":
        waiting_first = Case(When(status=TierRequest.Status.WAITING, then=Value(0)), default=Value(1))
        return super().get_queryset(request).order_by(waiting_first, "-asked_at", "-pk")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return []  # the queryset's own

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: TierRequest | None = None) -> bool:
        open_still = obj is None or obj.status == TierRequest.Status.WAITING
        return open_still and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: TierRequest | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: TierRequest, form: Any, change: bool) -> None:
        answer = grant if "_grant" in request.POST else decline
        try:
            asked = answer(request_id=obj.pk, answer=obj.answer, by=staff(request), now=timezone.now())
        except AppError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{asked.organization.name}: {asked.tier} {asked.status}; the owners are told.")

    def response_change(self, request: HttpRequest, obj: TierRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:accounts_tierrequest_changelist"))


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "organization", "role", "created_at", "expires_at", "accepted_at", "withdrawn_at"]
    list_select_related = ["organization"]
    list_filter = ["role"]
    search_fields = ["email", "organization__name"]
    show_facets = admin.ShowFacets.NEVER
    empty_state = "Nobody is invited anywhere, or nobody who fits these filters."
    fields = [
        "organization", "email", "role", "invited_by", "created_at", "expires_at", "accepted_at", "withdrawn_at",
    ]  # fmt: skip


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "organization", "actor_kind", "actor", "action", "subject", "address"]
    list_select_related = ["organization"]
    list_filter = ["action"]
    search_fields = ["actor", "subject", "organization__name"]
    search_help_text = "Search by actor, subject or organisation"
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    ordering = ["-id"]  # of all organisations: an index leads through them in this order alone
    empty_state = "Nothing was changed yet, or nothing that fits these filters."
