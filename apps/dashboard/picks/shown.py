"""The record as pages show it, public or not: the API's own answer, the picture of it, and what it proves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.dashboard.picks.chart import chart
from apps.dashboard.picks.figures import Figure, figures, verdict
from apps.picks.queries import counts_sandbox
from apps.picks.track import daily_sums, record_of


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """answer: what GET /track-record says. sandbox: whether invented matches are among what it counts."""

    days_back: int
    answer: dict[str, Any]
    chart: dict[str, Any]
    figures: list[Figure]
    verdict: list[str]
    sandbox: bool


def shown_record(*, sport: str | None, days_back: int, now: datetime) -> ShownRecord:
    """Arguments as of track_record()."""
    rows = daily_sums(sport=sport, days_back=days_back, now=now)
    answer = record_of(rows)
    return ShownRecord(
        days_back=days_back,
        answer=answer,
        chart=chart((day, sums) for day, _sport, sums in rows),
        figures=figures(answer["overall"]),
        verdict=verdict(answer["overall"]),
        sandbox=counts_sandbox(sport=sport, days_back=days_back, now=now),
    )
