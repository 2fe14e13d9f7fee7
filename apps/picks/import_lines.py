"""Read the lines of a file of picks from elsewhere: every field checked, every fault named. Knows no database."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple
from uuid import UUID

from apps.core.errors import AppError
from apps.picks.models import OUT, Outcome, Status

NAMED_AT_MOST = 20
UNKNOWN_ANCHOR = "unknown"
IMPORTABLE = [Status.REVIEW, *OUT]
FAIR_PLACES = Decimal("0.00001")
LEAST_FAIR_ODDS, MOST_FAIR_ODDS = Decimal("1.0001"), Decimal(10_000)
EDGE_PLACES = Decimal("0.00000001")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = dict.fromkeys(map(ord, "\n\r\t"))
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Problem(NamedTuple):
    """What is wrong with one field of one line, counted from 1; the field is empty where the whole line is."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}{', ' + self.field if self.field else ''}: {self.reason}"


class BadLines(AppError):
    """A file with at least one line that cannot be taken; str() names the first twenty faults."""

    code = "import_bad_lines"

    def __init__(self, problems: list[Problem]) -> None:
        named = [str(problem) for problem in problems[:NAMED_AT_MOST]]
        if len(problems) > NAMED_AT_MOST:
            named.append(f"and {len(problems) - NAMED_AT_MOST:,} more")
        super().__init__("\n".join(["Nothing was imported. Mend these and run it again:", *named]))
        self.problems = problems


class BadValue(ValueError):
    """A value that cannot be taken; str() says what it must be."""


@dataclass(frozen=True, slots=True)
class Line:
    """One pick as a file gives it. Times UTC; odds decimal; `edge` a fraction; None where the file says nothing."""

    number: int
    id: UUID | None
    sport: str
    league: str
    home_team: str
    away_team: str
    kickoff_at: datetime | None
    pick: str
    odds: Decimal
    edge: Decimal
    confidence: int
    status: str
    settled_at: datetime | None
    published_at: datetime | None
    result: str | None
    sandbox: bool
    analysis: str
    anchor: str
    closing_fair_odds: Decimal | None

    @property
    def fair_odds(self) -> Decimal:
        """The odds at which the edge would be nothing."""
        return (self.odds / (1 + self.edge)).quantize(FAIR_PLACES, ROUND_HALF_EVEN)

    @property
    def clv(self) -> Decimal | None:
        """odds / closing_fair_odds - 1, a fraction to eight places; None without a closing price."""
        if self.closing_fair_odds is None:
            return None
        return (self.odds / self.closing_fair_odds - 1).quantize(EDGE_PLACES, ROUND_HALF_EVEN)


def read_lines(raw_lines: Iterable[bytes], *, now: datetime) -> list[Line]:
    """Every pick of a JSON Lines file; blank lines are passed over. BadLines where a single field is wrong."""
    lines: list[Line] = []
    problems: list[Problem] = []
    first_seen: dict[UUID, int] = {}
    for number, raw in enumerate(raw_lines, 1):
        raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if not raw.strip():
            continue
        values, faults = _values(raw)
        problems += (Problem(number, field, reason) for field, reason in faults or _contradictions(values, now=now))
        pick_id = values.get("id")
        if pick_id is not None and first_seen.setdefault(pick_id, number) != number:
            problems.append(Problem(number, "id", f"stands in line {first_seen[pick_id]} already"))
        if not problems:
            lines.append(_line(number, values))
    if problems:
        raise BadLines(problems)
    return lines


def _values(raw: bytes) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What each field of a line says, and what is wrong with those that cannot be read."""
    try:
        record = _object(raw)
    except BadValue as error:
        return {}, [("", str(error))]
    values: dict[str, Any] = {}
    faults = [(_shown(name), "is not a field of a pick") for name in record if name not in FIELDS]
    for name, read in FIELDS.items():
        try:
            values[name] = read(record.get(name))
        except BadValue as error:
            faults.append((name, str(error) if record.get(name) is not None else "is missing"))
    return values, faults


def _object(raw: bytes) -> dict[str, Any]:
    try:
        record = json.loads(
            raw.decode(),
            # One type for all numbers: exact, and never too long to be read.
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_each_once,
        )
    except UnicodeDecodeError:
        raise BadValue("is not UTF-8") from None
    except (json.JSONDecodeError, ArithmeticError, RecursionError):
        raise BadValue("is not JSON that can be read; each line must be one whole object") from None
    if not isinstance(record, dict):
        raise BadValue("must be one JSON object")
    return record


def _no_constant(name: str) -> None:
    raise BadValue(f"{name} is not a JSON number")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadValue(f"gives {_shown(twice)} twice")
    return record


def _shown(name: str) -> str:
    return ascii(name[:40])[1:-1]


def _contradictions(values: dict[str, Any], *, now: datetime) -> Iterator[tuple[str, str]]:
    """Fields that are right by themselves and wrong together."""
    status = values["status"]
    settled = status == Status.SETTLED
    for name in ("settled_at", "result"):
        if (values[name] is not None) != settled:
            yield name, f"is missing: the pick is {status}" if settled else f"must be null: the pick is {status}"
    if status in OUT and values["kickoff_at"] is None:
        yield "kickoff_at", f"is missing: the pick is {status}"
    if status not in OUT and values["published_at"] is not None:
        yield "published_at", f"must be null: the pick is {status}"
    for name in ("settled_at", "published_at"):
        if values[name] is not None and values[name] > now:
            yield name, "lies in the future"
    if not LEAST_FAIR_ODDS <= values["odds"] / (1 + values["edge_pct"] / 100) <= MOST_FAIR_ODDS:
        yield "edge_pct", "leaves no fair odds above 1 and below 10,000 (they are odds / (1 + edge))"


def _line(number: int, values: dict[str, Any]) -> Line:
    edge = (values.pop("edge_pct") / 100).quantize(EDGE_PLACES, ROUND_HALF_EVEN)
    return Line(number=number, edge=edge, **values)


# --- Readers: each takes a JSON value, None where the field is absent, and gives what is kept ----------------------
Reader = Callable[[Any], Any]


def _optional(read: Reader, default: Any = None) -> Reader:
    return lambda value: default if value is None else read(value)


def _text(most: int, *, least: int = 1, lines: bool = False) -> Reader:
    """A text of `least` to `most` characters, ends trimmed, without control characters; `lines`: but those of lines."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise BadValue("must be a text")
        text = value.strip()
        if not least <= len(text) <= most:
            raise BadValue(f"must have {least} to {most:,} characters")
        if _UNWRITABLE.search(text if not lines else text.translate(_LINE_ENDS)):
            raise BadValue("holds a character that is no text (NUL, another control character or half a pair)")
        return text

    return read


def _number(above: int, most: int, *, places: int | None = None) -> Reader:
    """A number above one bound and up to another, with at most so many decimals."""
    decimals = "" if places is None else f" with at most {places} decimals"

    def read(value: Any) -> Decimal:
        if not isinstance(value, Decimal) or not above < value <= most:
            raise BadValue(f"must be a number above {above} and at most {most:,}{decimals}")
        if places is not None and value != round(value, places):
            raise BadValue(f"must have at most {places} decimals")
        return value

    return read


def _confidence(value: Any) -> int:
    if not isinstance(value, Decimal) or value not in (1, 2, 3, 4, 5):
        raise BadValue("must be a whole number from 1 to 5")
    return int(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadValue("must be true or false")
    return value


def _one_of(known: Iterable[str]) -> Reader:
    names = list(known)

    def read(value: Any) -> str:
        if value not in names:
            raise BadValue(f"must be one of {', '.join(names)}")
        return str(value)

    return read


def _slug(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 40 or not _SLUG.fullmatch(value):
        raise BadValue("must be a slug of at most 40 lower-case letters, digits and hyphens, as in ice-hockey")
    return value


def _uuid(value: Any) -> UUID:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise BadValue("must be a UUID")
    return UUID(value)


def _instant(value: Any) -> datetime:
    """An RFC 3339 time as UTC; 1900 to 2200, so that arithmetic with it stays inside the calendar."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise BadValue("must be a time with its offset, as in 2026-05-25T15:00:00Z")
    try:
        at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue("is no time that exists") from None
    if not 1900 <= at.year < 2200:
        raise BadValue("must lie between 1900 and 2200")
    return at


# What a line may hold: the API's fields, then what it does not show. Lengths are the model's.
FIELDS: dict[str, Reader] = {
    "id": _optional(_uuid),
    "sport": _slug,
    "league": _optional(_text(160, least=0), ""),
    "home_team": _text(160),
    "away_team": _optional(_text(160, least=0), ""),
    "kickoff_at": _optional(_instant),
    "pick": _text(200),
    "odds": _number(1, 1000, places=3),
    "edge_pct": _number(-99, 1000),
    "confidence": _confidence,
    "status": _one_of(IMPORTABLE),
    "settled_at": _optional(_instant),
    "result": _optional(_one_of(Outcome.values)),
    "sandbox": _optional(_flag, False),
    "analysis": _optional(_text(20_000, least=0, lines=True), ""),
    "anchor": _optional(_text(24), UNKNOWN_ANCHOR),
    "closing_fair_odds": _optional(_number(1, 10_000)),
    "published_at": _optional(_instant),
}
