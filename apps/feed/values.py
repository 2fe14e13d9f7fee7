"""Single values out of hostile JSON: each reader gives a clean value or None, and never raises. Pure."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

MOST_ODDS = Decimal(1000)  # Betfair's highest price
MOST_SIZE = Decimal(10) ** 11
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any, most: int = 160) -> str:
    """A printable text of at most `most` characters, blanks at the ends gone; empty for anything else."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable()).strip()[:most]


def identifier(value: Any) -> str | None:
    """An upstream id as text: a positive whole number, or a text of up to 32 letters, digits, `.`, `_`, `-`."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    written = (
        str(int(value)) if isinstance(value, int | float) else str(value).strip() if isinstance(value, str) else ""
    )
    ok = (
        0 < len(written) <= 32
        and written.isascii()
        and written.replace(".", "").replace("_", "").replace("-", "").isalnum()
    )
    return written if ok and written != "0" and not written.startswith("-") else None


def number(value: Any) -> Decimal | None:
    """A finite number, also written as text; None for anything else, NaN and infinities included."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float) and not isfinite(value):
        return None
    try:
        parsed = Decimal(str(value).strip()[:40])
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() and abs(parsed.adjusted()) < 30 else None


def odds(value: Any) -> Decimal | None:
    """Decimal odds above 1 and at most 1000, to three decimals; None for anything else."""
    parsed = number(value)
    if parsed is None or not 1 < parsed <= MOST_ODDS:
        return None
    rounded = parsed.quantize(Decimal("0.001"))
    return rounded if rounded > 1 else None


def size(value: Any) -> Decimal | None:
    """An amount that can be staked, 0 or more, to two decimals."""
    parsed = number(value)
    return parsed.quantize(Decimal("0.01")) if parsed is not None and 0 <= parsed < MOST_SIZE else None


def instant(value: Any) -> datetime | None:
    """An instant from ISO text (UTC where it names no zone), Unix seconds or milliseconds; between 2000 and 2100."""
    if isinstance(value, str) and not value.strip().isdigit():
        if ":" not in value:
            return None  # a day is no instant
        try:
            parsed = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        try:
            at = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        except OverflowError:
            return None
    else:
        seconds = number(value)
        if seconds is None or not 0 < seconds < 10**14:
            return None
        at = datetime.fromtimestamp(float(seconds / 1000 if seconds > 10**11 else seconds), tz=UTC)
    return at if EARLIEST <= at <= LATEST else None


def score(value: Any) -> int | None:
    """A count of goals or points, 0 to 999."""
    parsed = number(value)
    return int(parsed) if parsed is not None and parsed == int(parsed) and 0 <= parsed <= 999 else None


def clean(value: Any, depth: int = 4) -> Any:
    """JSON that any database takes: no NUL or surrogate, no number that is none; long and deep parts are cut off."""
    if isinstance(value, str):
        return text(value, 500)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 10**15 else None  # false for NaN too
    if depth and isinstance(value, dict):
        return {
            text(key, 80): clean(inner, depth - 1) for key, inner in list(value.items())[:50] if isinstance(key, str)
        }
    if depth and isinstance(value, list):
        return [clean(inner, depth - 1) for inner in value[:50]]
    return None
