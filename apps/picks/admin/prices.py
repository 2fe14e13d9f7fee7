"""The prices behind a pick over time, as a picture: the offer, the anchor's price, and its price without margin."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from apps.feed.models import Quote
from apps.feed.queries import start_of
from apps.picks.candidates import rules, sides_of
from apps.picks.engine.margin import NoFairPrice, fair_probabilities
from apps.picks.models import Pick

MOST_POINTS = 500  # of each line, the latest
ROWS_TOLD = 40  # of the table that says the same in words, the latest

Line = list[tuple[datetime, float | None]]  # from when on which odds; None: nothing was on offer


@dataclass(frozen=True, slots=True)
class History:
    """`chart`: what charts.js draws, `rows`: the last of the same as a table, of `changes` in all."""

    chart: dict[str, Any]
    columns: list[str]
    rows: list[tuple[datetime, list[str]]]
    changes: int


def history_of(pick: Pick, *, now: datetime) -> History | None:
    """What the book and the anchor showed from their first price until now, or until the start; one statement.

    Of each selection the last MOST_POINTS changes. None where no price is kept, as with imported picks.
    """
    start = start_of(pick.fixture)
    end = min(now, start) if start is not None else now
    lines = _lines(pick, end=end)
    offer, anchor = lines.get((pick.book, pick.side), []), _sides(pick, lines)
    shown = [
        (f"Offer ({pick.book})", offer),
        (f"{pick.anchor.capitalize()}'s price", anchor.get(pick.side, [])),
        (f"{pick.anchor.capitalize()} without margin (fair odds)", _fair(pick, anchor)),
    ]
    shown = [(label, line[-MOST_POINTS:]) for label, line in shown if line]
    if not shown:
        return None
    moments = sorted({at for _label, line in shown for at, _odds in line} | {end})
    values = [_values_at(line, moments) for _label, line in shown]
    series = [{"label": label, "values": column} for (label, _), column in zip(shown, values, strict=True)]
    chart = {"kind": "steps", "x": [at.timestamp() for at in moments], "unit": "", "digits": 3, "series": series}
    told = [(at, [_told(column[index]) for column in values]) for index, at in enumerate(moments[:-1])]
    return History(chart, [label for label, _ in shown], told[: -ROWS_TOLD - 1 : -1], len(told))


def _lines(pick: Pick, *, end: datetime) -> dict[tuple[str, str], Line]:
    """The prices of the pick's book and anchor by book and side, oldest first; those of a respelt side are one line."""
    of_it = Q(selection__market__fixture=pick.fixture_id) | Q(selection__market__fixture__merged_into=pick.fixture_id)
    quotes = (
        Quote.objects.filter(
            of_it,
            selection__market__kind=pick.question,
            selection__market__book__in=[pick.book, pick.anchor],
            observed_at__lte=end,
        )
        .annotate(
            back=Window(RowNumber(), partition_by="selection", order_by=[F("observed_at").desc(), F("id").desc()])
        )
        .filter(back__lte=MOST_POINTS)
        .order_by("observed_at", "is_open", "id")
        .values_list("selection__market__book", "selection__side", "observed_at", "back_odds", "is_open")
    )
    lines: dict[tuple[str, str], Line] = {}
    for book, side, at, odds, is_open in quotes:
        lines.setdefault((book, side), []).append((at, float(odds) if is_open and odds is not None else None))
    return lines


def _sides(pick: Pick, lines: Mapping[tuple[str, str], Line]) -> dict[str, Line]:
    """The anchor's lines by side."""
    return {side: line for (book, side), line in lines.items() if book == pick.anchor}


def _fair(pick: Pick, anchor: Mapping[str, Line]) -> Line:
    """The anchor's fair odds of the pick's side, by its own method, wherever the whole market was there."""
    sides = sides_of(pick.sport)
    if pick.side not in sides or set(sides) - set(anchor):
        return []
    moments = sorted({at for side in sides for at, _ in anchor[side]})[-MOST_POINTS:]
    columns = [_values_at(anchor[side], moments) for side in sides]
    mine = sides.index(pick.side)
    return [
        (at, _fair_odds(pick, prices, mine)) for at, prices in zip(moments, zip(*columns, strict=True), strict=True)
    ]


def _fair_odds(pick: Pick, prices: Sequence[float | None], mine: int) -> float | None:
    whole = [price for price in prices if price is not None]
    if len(whole) < len(prices):
        return None
    try:
        return round(1 / fair_probabilities(whole, pick.method or rules().method)[mine], 4)
    except NoFairPrice:
        return None


def _values_at(line: Line, moments: Sequence[datetime]) -> list[float | None]:
    """What a line shows at each moment: its last change up to then."""
    times = [at for at, _ in line]
    places = [bisect_right(times, at) for at in moments]
    return [line[place - 1][1] if place else None for place in places]


def _told(odds: float | None) -> str:
    return "–" if odds is None else f"{odds:.3f}"
