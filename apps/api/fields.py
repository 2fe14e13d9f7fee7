"""Parameters as callers write them. A field says what it understands, and one code for all that it does not."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NoReturn
from uuid import UUID

from rest_framework import serializers

from apps.core.times import rfc3339
from apps.picks.queries import Position

# A date; then perhaps a time; then perhaps an offset, of which a query string turns an unencoded + into a space.
INSTANT = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?P<offset>[Zz]|(?P<sign>[-+ ])(?P<hours>\d{2}):?(?P<minutes>\d{2})?)?)?",
    re.ASCII,
)
PICK_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
WHOLE = re.compile(r"0*(?P<digits>[0-9]+)")
MOST_DIGITS = 9  # more are more than any limit, and Python refuses to read thousands


def parse_instant(text: str, *, offset_required: bool = False) -> datetime:
    """An ISO 8601 date, or date and time, as UTC; without an offset it is UTC already.

    `offset_required` narrows it to RFC 3339's instants. ValueError for anything else, and outside years 1 to 9999.
    """
    found = INSTANT.fullmatch(text)
    if found is None or (offset_required and (found["offset"] is None or found["second"] is None)):
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
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    sign = -1 if found["sign"] == "-" else 1
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def parse_pick_id(text: str) -> UUID:
    """A UUID in its usual 36 characters. ValueError for anything else."""
    if PICK_ID.fullmatch(text) is None:
        raise ValueError("not a pick's id")
    return UUID(text)


def parse_cursor(text: str) -> Position:
    """`<time>` or `<time>~<pick id>`. ValueError for anything else."""
    time, tilde, pick_id = text.partition("~")
    return Position(parse_instant(time, offset_required=True), parse_pick_id(pick_id) if tilde else None)


def write_cursor(place: Position) -> str:
    """The text that parse_cursor reads as this place. Times are shown to the millisecond; a finer one is written out
    in full, since a page that began at the rounded one would miss picks.
    """
    time = rfc3339(place.kickoff_at)
    if place.kickoff_at.microsecond % 1000:
        time = place.kickoff_at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return time if place.pick_id is None else f"{time}~{place.pick_id}"


class TextField(serializers.Field[Any, str, str, Any]):
    """Base: one text in, one value out, or this field's one error."""

    def refuse(self) -> NoReturn:
        self.fail("unreadable")

    def to_representation(self, value: Any) -> str:
        return str(value)


class InstantField(TextField):
    """A point in time, as parse_instant reads it."""

    default_error_messages = {"unreadable": "Give a date or an RFC 3339 time, as 2026-05-25T15:00:00Z."}

    def to_internal_value(self, data: str) -> datetime:
        try:
            return parse_instant(data)
        except ValueError:
            self.refuse()


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

    def __init__(self, *, most: int, default: int) -> None:
        super().__init__(default=default)
        self.most = most

    def to_internal_value(self, data: str) -> int:
        found = WHOLE.fullmatch(data)
        if found is None or found["digits"] == "0":
            self.refuse()
        return self.most if len(found["digits"]) > MOST_DIGITS else min(int(found["digits"]), self.most)


class NameField(serializers.CharField):
    """A filter by name, taken literally: what no pick has gives an empty page."""

    def __init__(self) -> None:
        super().__init__(required=False, allow_blank=True)


class PageLimitField(CappedField):
    """How many rows a page may hold."""
