"""What one says of a webhook: to make it, to change it, to delete it, and which deliveries to see."""

from typing import Any
from uuid import uuid4

from django import forms
from django.db.models import QuerySet

from apps.access.models import ApiKey
from apps.outbox.models import PUBLISHED, SETTLED
from apps.webhooks.models import TEST, State

EVENTS = [(PUBLISHED, "pick.published: a pick is let out"), (SETTLED, "pick.settled: its result is known")]
STATES = [
    (State.DELIVERED, "Delivered"),
    (State.PENDING, "On its way, or to be tried again"),
    (State.FAILED, "Failed"),
    (State.EXPIRED, "Expired"),
    (State.CANCELLED, "Not sent"),
]
AFRESH = "Something of this form was lost on the way. Open the page afresh, and fill it in again."
HIDDEN = ("required", "invalid", "max_length")
PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class KeyField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, key: ApiKey) -> str:
        return f"{key.name} (betedge_{key.prefix}…{key.last_four})"


class Settings(forms.Form):
    """seen: the settings that the form was filled with; see queries.settings_state."""

    url = forms.CharField(
        label="URL",
        help_text="An https address on port 443 or 8443 that the whole internet can reach.",
        error_messages={"required": "Say where the events are to be sent."},
        widget=forms.TextInput({**PLAIN, "inputmode": "url", "placeholder": "https://example.com/betedge"}),
    )
    events = forms.MultipleChoiceField(
        choices=EVENTS,
        initial=[PUBLISHED, SETTLED],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one kind of event."},
    )
    expire_at_kickoff = forms.BooleanField(
        label="Expire at kick-off",
        required=False,
        help_text="A published pick that could not be delivered before its match begins is then not sent any more.",
    )


class Change(Settings):
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput, error_messages=dict.fromkeys(HIDDEN, AFRESH))


class NewWebhook(Settings):
    """id: of the webhook that is to be made, so that a form that arrives twice makes one."""

    id = forms.UUIDField(widget=forms.HiddenInput, error_messages=dict.fromkeys(HIDDEN, AFRESH))
    key = KeyField(
        queryset=None,
        label="API key",
        empty_label="Choose a key",
        help_text="Whose webhook it is: it ends with its key.",
        error_messages={
            "required": "Choose a key.",
            "invalid_choice": "This key does not work any more; choose another one.",
        },
    )
    field_order = ["id", "key", "url", "events", "expire_at_kickoff"]

    def __init__(self, *args: Any, keys: QuerySet[ApiKey], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        key = self.fields["key"]
        assert isinstance(key, KeyField)
        key.queryset = keys
        self.initial.setdefault("id", uuid4())
        if len(keys) == 1:
            key.empty_label = None


class Ending(forms.Form):
    """host: of the webhook, typed to show that one means it."""

    host = forms.CharField(label="Its host", widget=forms.TextInput(PLAIN))

    def __init__(self, *args: Any, host: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = host

    def clean_host(self) -> str:
        typed: str = self.cleaned_data["host"]
        if typed.lower() != self.expected.lower():
            raise forms.ValidationError(f"Type {self.expected} to delete this webhook. Nothing was deleted.")
        return typed


class LogFilter(forms.Form):
    status = forms.ChoiceField(label="State", choices=[("", "All"), *STATES], required=False)
    event = forms.ChoiceField(
        choices=[("", "All"), *((each, each) for each in (PUBLISHED, SETTLED, TEST))], required=False
    )

    def asked(self) -> dict[str, str]:
        """What can be read of it; what cannot filters nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
