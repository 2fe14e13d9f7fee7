"""The forms about API keys."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from uuid import uuid4

from django import forms
from django.http import QueryDict

from apps.access.models import ApiKey

NEVER, ON_A_DATE = "never", "date"
DAYS = [30, 90, 365]
LONGEST = timedelta(days=3_653)
GRACES = {
    "0": ("End at once", timedelta(0)),
    "1h": ("1 hour", timedelta(hours=1)),
    "24h": ("24 hours", timedelta(hours=24)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("7 days", timedelta(days=7)),
}


def end_of(day: date) -> datetime:
    """The instant at which the UTC day is over."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def in_days(days: int, now: datetime) -> datetime:
    """The end of the UTC day that lies so many days ahead."""
    return end_of((now.astimezone(UTC) + timedelta(days=days)).date())


def spoken(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


class Ends(forms.Form):
    """When a key expires. `expires_at` of what was cleaned: an instant ahead, or None for never."""

    expiry = forms.ChoiceField(label="Expires", required=False)
    on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="It works until this day is over in UTC. Only for “On a date”.",
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        named = [(str(days), f"In {days} days: {spoken(last_day(in_days(days, now)))} is the last") for days in DAYS]
        field = self.fields["expiry"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(NEVER, "Never"), *named, (ON_A_DATE, "On a date")]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if not self.errors:
            told["expires_at"] = self.ends(told["expiry"] or NEVER, told["on"])
        return told

    def ends(self, expiry: str, on: date | None) -> datetime | None:
        if expiry != ON_A_DATE:
            if on is not None:
                self.add_error("on", "Choose “On a date” above, or leave the day empty.")
            return None if expiry == NEVER else in_days(int(expiry), self.now)
        today = self.now.astimezone(UTC).date()
        if on is None:
            self.add_error("on", "Enter the last day on which it shall work.")
        elif on < today:
            self.add_error("on", f"Choose today, {spoken(today)}, or a later day. To end a key now, revoke it.")
        elif on > today + LONGEST:
            self.add_error("on", "Choose a day within ten years, or “Never”.")
        else:
            return end_of(on)
        return None


class NewKey(Ends):
    """`id`: of the key to be made, so that the form makes one key however often it arrives."""

    id = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(["required", "invalid"], "This form came incomplete: open the page again."),
    )
    name = forms.CharField(
        label="Name", max_length=80, help_text="What will use it: you tell your keys apart by it, nobody else sees it."
    )
    field_order = ["name", "expiry", "on"]

    @classmethod
    def blank(cls, *, now: datetime, name: str = "") -> Self:
        return cls(now=now, initial={"id": uuid4(), "name": name, "expiry": NEVER})


class Rotation(forms.Form):
    """`replacing`: the newest secret's prefix as this form knew it; a form that arrives twice rotates once."""

    replacing = forms.CharField(
        widget=forms.HiddenInput, error_messages={"required": "This form came incomplete: open the page again."}
    )
    grace = forms.ChoiceField(
        label="The old secret goes on working for",
        choices=[(slug, words) for slug, (words, _) in GRACES.items()],
        widget=forms.RadioSelect,
        initial="24h",
        help_text="Long enough to bring the new secret everywhere. You can end it sooner at any time.",
    )

    def clean_grace(self) -> timedelta:
        return GRACES[self.cleaned_data["grace"]][1]


class Meanwhile(forms.Form):
    """A change of what the form showed, `was`; what somebody else changed since is said before it is overwritten."""

    was = forms.CharField(widget=forms.HiddenInput, required=False)

    def overtaken(self, current: str, sentence: str) -> bool:
        """Whether it is no longer as the form showed it; then the form says so, and overwrites it when sent again."""
        if self.cleaned_data["was"] == current:
            return False
        self.data = {**self.data.dict(), "was": current} if isinstance(self.data, QueryDict) else self.data
        self.add_error(None, sentence)
        return True


class Rename(Meanwhile):
    name = forms.CharField(label="New name", max_length=80)


class Expiry(Meanwhile, Ends):
    field_order = ["expiry", "on"]

    @classmethod
    def of(cls, key: ApiKey, *, now: datetime) -> Self:
        """The form as the key stands."""
        day = last_day(key.expires_at) if key.expires_at else None
        return cls(
            now=now, initial={"was": ends_spoken(key.expires_at), "expiry": ON_A_DATE if day else NEVER, "on": day}
        )


def ends_spoken(expires_at: datetime | None) -> str:
    """A key's end as a form carries it."""
    return expires_at.isoformat() if expires_at else NEVER


def spoken_end(expires_at: datetime | None) -> str:
    """When a key ends, as a part of a sentence."""
    return f"expires when {spoken(last_day(expires_at))} is over in UTC" if expires_at else "never expires"


def last_day(expires_at: datetime) -> date:
    """The last UTC day on which a key works that ends at this instant."""
    return (expires_at.astimezone(UTC) - timedelta(microseconds=1)).date()


class Revocation(forms.Form):
    """The key's name, typed."""

    name = forms.CharField(
        label="The key's name", widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, key: ApiKey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key

    def clean_name(self) -> str:
        typed = str(self.cleaned_data["name"])
        if typed != self.key.name.strip():
            raise forms.ValidationError("That is not its name: type it as it stands above, capitals too.")
        return typed
