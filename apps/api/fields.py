"""Parameters as callers write them. A field says what it understands, and one code for all that it does not."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NoReturn
from uuid import UUID

from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.times import rfc3339
from apps.picks.queries import Position

# Every day of the calendar, in the regular expressions that JavaScript and OpenAPI have too.
LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
DAY_OF_ANY_YEAR = (
    "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])"
)
DATE = f"(?P<date>(?!0000)(?:[0-9]{{4}}-(?:{DAY_OF_ANY_YEAR})|{LEAP_YEAR}-02-29))"
HOUR, MINUTE = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
CLOCK = f"[Tt ](?P<hour>{HOUR}):(?P<minute>{MINUTE})"
SECOND = f":(?P<second>{MINUTE}|60)(?:[.,](?P<fraction>[0-9]+))?"
OFFSET = f"(?P<offset>[Zz]|(?P<sign>[-+ ])(?P<hours>{HOUR}):?(?P<minutes>{MINUTE})?)"  # ' ' is a + not encoded
UUID_DIGITS = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

ANY_TIME = re.compile(f"{DATE}(?:{CLOCK}(?:{SECOND})?{OFFSET}?)?")
INSTANT = re.compile(f"{DATE}{CLOCK}{SECOND}{OFFSET}")  # RFC 3339's
ID = re.compile(UUID_DIGITS)
WHOLE = re.compile(r"[0-9]+")
MOST_DIGITS = 9  # more are more than any limit, and Python refuses to read thousands


def pattern_of(form: "re.Pattern[str]", *, then: str = "") -> str:
    """What OpenAPI says of a text of this form: JavaScript's groups need no names."""
    return re.sub(r"\?P<\w+>", "?:", form.pattern) + then


def parse_instant(text: str, *, form: "re.Pattern[str]" = ANY_TIME) -> datetime:
    """An ISO 8601 date, or date and time, as UTC; without an offset it is UTC already.

    INSTANT as `form` narrows it to RFC 3339's instants. ValueError for anything else, and outside years 1 to 9999.
    """
    found = form.fullmatch(text)
    if found is None:
        raise ValueError("not an instant")
    day = datetime.fromisoformat(found["date"])
    leap = found["second"] == "60"  # RFC 3339 has leap seconds, Python has not: it is the next one's beginning
    at = day.replace(
        hour=int(found["hour"] or 0),
        minute=int(found["minute"] or 0),
        second=59 if leap else int(found["second"] or 0),
        microsecond=0 if leap else int((found["fraction"] or "0").ljust(6, "0")[:6]),
        tzinfo=offset_of(found),
    )
    try:
        return at.astimezone(UTC) + timedelta(seconds=1 if leap else 0)
    except OverflowError as error:
        raise ValueError("outside the calendar") from error


def offset_of(found: "re.Match[str]") -> timezone:
    if found["sign"] is None:
        return UTC
    ahead = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    return timezone(-ahead if found["sign"] == "-" else ahead)


def parse_id(text: str) -> UUID:
    """A UUID in its usual 36 characters. ValueError for anything else."""
    if ID.fullmatch(text) is None:
        raise ValueError("not an id")
    return UUID(text)


def parse_cursor(text: str) -> Position:
    """`<time>` or `<time>~<pick id>`. ValueError for anything else."""
    time, tilde, pick_id = text.partition("~")
    return Position(parse_instant(time, form=INSTANT), parse_id(pick_id) if tilde else None)


def write_cursor(place: Position) -> str:
    """The text that parse_cursor reads as this place. Times are shown to the millisecond; a finer one is written out
    in full, since a page that began at the rounded one would miss picks.
    """
    time = rfc3339(place.kickoff_at)
    if place.kickoff_at.microsecond % 1000:
        time = place.kickoff_at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return time if place.pick_id is None else f"{time}~{place.pick_id}"


def describe(of: "serializers.Field[Any, Any, Any, Any]", schema: dict[str, Any]) -> None:
    """Say how OpenAPI describes a field whose schema hangs on how it was made."""
    set_override(of, "field", schema)


class TextField(serializers.Field[Any, str, Any, Any]):
    """Base: one text in, one value out, or this field's one error."""

    def refuse(self) -> NoReturn:
        self.fail("unreadable")

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "string", "pattern": f"^{pattern_of(ANY_TIME)}$", "examples": ["2026-05-25T15:00:00Z"]})
class InstantField(TextField):
    """A point in time, as parse_instant reads it."""

    default_error_messages = {"unreadable": "Give a date or an RFC 3339 time, as 2026-05-25T15:00:00Z."}

    def to_internal_value(self, data: str) -> datetime:
        try:
            return parse_instant(data)
        except ValueError:
            self.refuse()


@extend_schema_field(
    {
        "type": "string",
        "pattern": f"^(?:{pattern_of(INSTANT, then=f'(?:~{UUID_DIGITS})?')})?$",
        "examples": ["2026-05-25T14:00:00Z", "2026-05-25T14:00:00Z~0b9c2f6e-7c1d-4a53-9a57-3d1f6f0c2b11"],
    }
)
class CursorField(TextField):
    """Where to go on: a `next_cursor`, or any RFC 3339 instant. Empty is the beginning."""

    default_error_messages = {"invalid_cursor": "Give back next_cursor as it came, or an RFC 3339 time."}

    def to_internal_value(self, data: str) -> Position | None:
        try:
            return parse_cursor(data) if data else None
        except ValueError:
            self.fail("invalid_cursor")


class CappedField(TextField):
    """A whole number from 1; above `most` it is taken as `most`."""

    default_error_messages = {"unreadable": "Give a whole number of at least 1."}

    def __init__(self, *, most: int, default: int, help_text: str) -> None:
        super().__init__(default=default, help_text=f"{help_text} From 1; more than {most} is taken as {most}.")
        self.most = most
        # No maximum: what lies above is understood, so it is not wrong.
        describe(self, {"type": "integer", "minimum": 1, "examples": [default, most]})

    def to_internal_value(self, data: str) -> int:
        digits = data.lstrip("0")
        if WHOLE.fullmatch(digits) is None:
            self.refuse()
        return self.most if len(digits) > MOST_DIGITS else min(int(digits), self.most)


class NameField(TextField):
    """A filter by name, taken literally but for spaces around it: what no pick has gives an empty page."""

    default_error_messages = {"unreadable": "A name holds no NUL."}

    def __init__(self, *, example: str, help_text: str) -> None:
        super().__init__(required=False, help_text=help_text)
        describe(self, {"type": "string", "pattern": "^[^\\u0000]*$", "examples": [example]})

    def to_internal_value(self, data: str) -> str:
        if "\0" in data:
            self.refuse()
        return data.strip()


class PageLimitField(CappedField):
    """How many rows a page may hold."""
