"""A pick's numbers and evidence as tables that a person can read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from apps.feed.admin import data_label
from apps.feed.models import Selection
from apps.picks.admin.columns import how_old, in_words, signed_pct
from apps.picks.candidates import sides_of
from apps.picks.engine.margin import NoFairPrice, fair_probabilities
from apps.picks.models import Pick
from apps.picks.wording import short_odds

QUOTED = ("book", "side", "odds", "lay_odds", "size", "since", "confirmed_at")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading; `columns` is empty for a table of names and values, `note` stands below."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


def facts(pick: Pick, *, now: datetime) -> list[tuple[str, str]]:
    """What a reviewer weighs, as names and values; what is not known is left out."""
    age = how_old(pick.anchor_age_seconds)
    at = pick.kickoff_at
    kickoff = "unknown – enter it" if at is None else f"{moment(at)} ({in_words(at, now)})"
    shown = [
        ("Match", str(pick.fixture)),
        ("League", pick.league),
        ("Sport", pick.sport),
        ("Kick-off", kickoff),
        ("Data", data_label(pick.fixture)),
        ("Bet", pick.selection),
        ("Odds", f"{short_odds(pick.odds)}{f' at {pick.book}' if pick.book else ''}"),
        ("Fair odds", f"{pick.fair_odds:.3f}, a probability of {100 * pick.fair_probability:.2f} %"),
        ("Edge", signed_pct(pick.edge_pct)),
        ("Suspicious", "yes: too large to be true" if pick.suspicious else ""),
        ("Confidence", f"{pick.confidence} of 5"),
        ("Anchor", f"{pick.anchor}{f', {age} old when proposed' if age else ''}"),
        ("Margin removed by", pick.method),
        ("Proposed", moment(pick.proposed_at)),
        ("Published", moment(pick.published_at)),
        ("Held for a person", pick.held),
        ("Settled", moment(pick.settled_at)),
        ("Result", pick.get_result_display() or ""),
        ("Profit per unit", f"{pick.profit.normalize():+f}" if pick.profit is not None else ""),
        ("Closing fair odds", f"{pick.closing_fair_odds:.3f}" if pick.closing_fair_odds is not None else ""),
        ("CLV", signed_pct(pick.clv_pct) if pick.clv_pct is not None else pick.clv_missing),
    ]
    return [(name, value) for name, value in shown if value]


def moment(at: datetime | None) -> str:
    """`20 Nov 2026 18:00:05 UTC`; empty for none."""
    return f"{at:%d %b %Y %H:%M:%S} UTC" if at else ""


def quotes(evidence: Mapping[str, Any]) -> Table | None:
    """The price that is taken and the anchor's prices, one row each; None where the pick did not come from quotes."""
    if "offer" not in evidence:
        return None
    anchor = list(evidence.get("anchor", ()))
    method = str(evidence.get("rules", {}).get("method", ""))
    fair = _fair_odds([quote.get("odds") for quote in anchor], method)
    rows = [(("taken", evidence["offer"]), "–"), *zip((("anchor", quote) for quote in anchor), fair, strict=True)]
    return Table(
        f"Prices at {_cell(evidence.get('at'))}",
        ["", *map(_name, QUOTED), "Age then", "Fair odds"],
        [
            [role, *(_cell(quote.get(key)) for key in QUOTED), _age(quote, evidence.get("at")), odds]
            for (role, quote), odds in rows
        ],
        _margin_note([quote.get("odds") for quote in anchor], method),
    )


def market_now(pick: Pick, *, now: datetime) -> Table | None:
    """What every book shows on the pick's market at this moment, one row a book, with its margin; one statement."""
    found = Selection.objects.filter(market__fixture=pick.fixture_id, market__kind=pick.question)
    books: dict[str, dict[str, Selection]] = {}
    for selection in found.select_related("market").order_by("market__book", "is_open", "observed_at"):
        books.setdefault(selection.market.book, {})[selection.side] = selection
    sides = sides_of(pick.sport)
    rows = [
        [
            _role(book, pick),
            *(_shown(shown.get(side)) for side in sides),
            _margin([shown[side].back_odds if side in shown and shown[side].is_open else None for side in sides]),
            in_words(min(selection.last_confirmed_at for selection in shown.values()), now),
        ]
        for book, shown in books.items()
    ]
    columns = ["Book", *(side.capitalize() for side in sides), "Margin", "Confirmed"]
    return Table("The market now, at every book", columns, rows) if rows else None


def _role(book: str, pick: Pick) -> str:
    roles = {pick.book: " (taken)", pick.anchor: " (anchor)"}
    return book + roles.get(book, "")


def _shown(selection: Selection | None) -> str:
    """`2.120, lay 2.160, 820.50 to take`; or why there is no price."""
    if selection is None or selection.back_odds is None:
        return "–"
    if not selection.is_open:
        return "suspended"
    lay = f", lay {selection.lay_odds}" if selection.lay_odds is not None else ""
    size = f", {selection.back_size} to take" if selection.back_size is not None else ""
    state = ", in play" if selection.in_play else "" if selection.fresh else ", not live"
    return f"{selection.back_odds}{lay}{size}{state}"


def _age(quote: Mapping[str, Any], at: Any) -> str:
    confirmed, then = _instant(str(quote.get("confirmed_at", ""))), _instant(str(at or ""))
    if confirmed is None or then is None:
        return "–"
    return how_old(max(int((then - confirmed).total_seconds()), 0))


def _prices(odds: Sequence[Any]) -> list[float]:
    """As numbers; empty unless each is one above 1."""
    try:
        prices = [float(each) for each in odds]
    except (TypeError, ValueError):
        return []
    return prices if len(prices) > 1 and min(prices) > 1 else []


def _margin(odds: Sequence[Any]) -> str:
    prices = _prices(odds)
    return f"{100 * (sum(1 / price for price in prices) - 1):.2f} %" if prices else "–"


def _margin_note(odds: Sequence[Any], method: str) -> str:
    prices = _prices(odds)
    removed = f", removed by the {method} method" if method else ""
    return f"The anchor's margin was {_margin(prices)}{removed}." if prices else ""


def _fair_odds(odds: Sequence[Any], method: str) -> list[str]:
    prices = _prices(odds)
    try:
        return [f"{1 / probability:.3f}" for probability in fair_probabilities(prices, method or "power")]
    except NoFairPrice:
        return ["–"] * len(odds)


def tables(title: str, evidence: Mapping[str, Any]) -> list[Table]:
    """Stored evidence, whatever its shape, as tables: one for its plain values, one for each part that has parts."""
    return [table for table in _tables(title, evidence) if table.rows]


def _tables(title: str, part: Mapping[str, Any]) -> Iterator[Table]:
    yield Table(title, [], [[_name(key), _cell(value)] for key, value in part.items() if not _has_parts(value)])
    for key, value in part.items():
        if isinstance(value, dict) and value:
            yield from _tables(f"{title}: {key}", value)
        elif _has_parts(value):
            yield _grid(f"{title}: {key}", value)


def _has_parts(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(row, dict) for row in value)
    return isinstance(value, dict) and bool(value)


def _grid(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return Table(title, [*map(_name, columns)], [[_cell(row.get(key)) for key in columns] for row in rows])


def _name(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _cell(value: Any) -> str:
    """One stored value in words: times in UTC to the second, nothing as a dash, what has parts as JSON."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str) and "T" in value and (at := _instant(value)):
        return moment(at)
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def _instant(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None
