"""A pick's numbers and evidence as tables that a person can read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from apps.feed.admin import data_label
from apps.picks.admin.columns import how_old, in_words, signed_pct
from apps.picks.models import Pick
from apps.picks.wording import short_odds

QUOTED = ("book", "side", "odds", "lay_odds", "size", "since", "confirmed_at")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading; `columns` is empty for a table of names and values."""

    title: str
    columns: list[str]
    rows: list[list[str]]


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
    rows = [("taken", evidence["offer"]), *(("anchor", quote) for quote in evidence.get("anchor", ()))]
    return Table(
        f"Prices at {_cell(evidence.get('at'))}",
        ["", *map(_name, QUOTED)],
        [[role, *(_cell(quote.get(key)) for key in QUOTED)] for role, quote in rows],
    )


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
