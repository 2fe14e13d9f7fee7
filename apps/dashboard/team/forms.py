"""What the pages about people, plan and audit log ask, and what may be answered."""

from typing import Any
from uuid import uuid4

from django import forms

from apps.accounts.models import Membership
from apps.accounts.roles import GIVEN, Role
from apps.accounts.tier_requests import LONGEST
from apps.accounts.words import ACTIONS

ROLES = [(role.value, role.title()) for role in reversed(GIVEN)]
DATE = {"type": "date"}


class NewOrganizationForm(forms.Form):
    """id: of the organisation to be made, so that a form that is sent twice makes one."""

    id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    name = forms.CharField(
        max_length=120,
        label="Name of the organisation",
        help_text="Your team sees it, and whoever you invite. You can change it later.",
    )


class RenameForm(forms.Form):
    name = forms.CharField(max_length=120, label="New name")


class InviteForm(forms.Form):
    email = forms.EmailField(max_length=254, label="E-mail address")
    role = forms.ChoiceField(choices=ROLES, initial=Role.DEVELOPER.value)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)


class TransferForm(forms.Form):
    """Who may become the owner is one of `people`; the name is typed so that nobody does it by mistake."""

    member = forms.TypedChoiceField(coerce=int, label="New owner")
    name = forms.CharField(
        max_length=120, label="Name of the organisation", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, people: list[Membership], expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["member"].choices = [("", "Choose a person"), *((each.pk, str(each)) for each in people)]  # type: ignore[attr-defined]
        self.fields["name"].help_text = f"Type {expected} to confirm."

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if name != self.expected:
            raise forms.ValidationError(f"This is not the name. Type {self.expected}, as it is written here.")
        return name


class TierForm(forms.Form):
    note = forms.CharField(
        max_length=LONGEST,
        required=False,
        label="A note for us",
        help_text="What you need it for, and from when on. You may leave it empty.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AuditForm(forms.Form):
    """The filters of the audit log, each of which may be empty."""

    who = forms.CharField(max_length=254, required=False, widget=forms.TextInput(attrs={"list": "people"}))
    action = forms.ChoiceField(choices=[("", "any"), *((name, name) for name in ACTIONS)], required=False, label="What")
    since = forms.DateField(required=False, label="From day (UTC)", widget=forms.DateInput(attrs=DATE))
    until = forms.DateField(required=False, label="To day (UTC)", widget=forms.DateInput(attrs=DATE))
    text = forms.CharField(max_length=200, required=False, label="Subject or address")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "This day is before the first one.")
        return cleaned
