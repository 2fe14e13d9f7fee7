"""Which numbers of an analysis are not among those that are stored with its pick. Reads what it is given."""

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from apps.picks.models import Pick

NUMBER = re.compile(r"(?<![\w.,])\d{1,9}(?:[.,]\d{1,8})?(?![\w]|[.,]\d)", re.ASCII)
CLOCK = re.compile(
    r"\b\d{1,2}:\d{2}(?::\d{2})?\b|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2} [A-Z][a-z]{2,8}(?: \d{4})?\b", re.ASCII
)


def strange_numbers(text: str, pick: Pick) -> list[str]:
    """The numbers of a text, as they stand there, of which the pick stores none; each once, in their order.

    A stored number may be rounded, but not to a whole one: 1.833 is told as 1.83, never as 2. Numbers within the
    names of the sides, the league and the bet are not looked at, nor are times and dates.
    """
    for name in (pick.selection, pick.fixture.name, pick.fixture.home_team, pick.fixture.away_team, pick.league):
        text = text.replace(name, " ") if name else text
    stored = set(stored_numbers(pick))
    found = dict.fromkeys(NUMBER.findall(CLOCK.sub(" ", text)))
    return [number for number in found if not _is_stored(Decimal(number.replace(",", ".")), stored)]


def stored_numbers(pick: Pick) -> Iterator[Decimal]:
    """Every number stored of a pick, without its sign; fractions as per cent too. Not those of the rules."""
    fractions = [pick.edge, Decimal(repr(pick.fair_probability)), pick.clv]
    plain = [pick.odds, pick.fair_odds, pick.line, pick.confidence, pick.anchor_age_seconds, pick.closing_fair_odds]
    for fraction in fractions:
        if fraction is not None:
            yield from (abs(fraction), abs(fraction * 100))
    yield from (abs(Decimal(number)) for number in plain if number is not None)
    yield from _numbers_in(pick.evidence)


def _numbers_in(evidence: Any) -> Iterator[Decimal]:
    if isinstance(evidence, Mapping):
        for key, part in evidence.items():
            if key != "rules" and not str(key).endswith("_id"):
                yield from _numbers_in(part)
    elif isinstance(evidence, list):
        for part in evidence:
            yield from _numbers_in(part)
    elif isinstance(evidence, str) and NUMBER.fullmatch(evidence):
        yield Decimal(evidence.replace(",", "."))
    elif isinstance(evidence, int | float) and not isinstance(evidence, bool) and abs(evidence) < 1e9:
        yield from (abs(Decimal(repr(evidence))), abs(Decimal(repr(evidence)) * 100))


def _is_stored(number: Decimal, stored: set[Decimal]) -> bool:
    exponent = number.as_tuple().exponent
    if exponent == 0:
        return number in stored
    step = Decimal(1).scaleb(int(exponent))
    return any(
        number in (known.quantize(step, ROUND_HALF_EVEN), known.quantize(step, ROUND_HALF_UP)) for known in stored
    )
