"""The record as a picture: the running profit, and how far it is uncertain. Pure."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from math import sqrt
from typing import Any

from apps.dashboard.picks.figures import ENOUGH, SURE
from apps.picks.record import Tally, running

DAY = timedelta(days=1)


def chart(days: Iterable[tuple[date, Tally]]) -> dict[str, Any]:
    """What charts.js draws: profit in units (1 % of the bankroll each), from nothing on the day before the first.

    The band lies two standard errors of the sum to either side: 2 s √n after n picks, s being the standard deviation
    of one pick's profit over the whole time. Where that says too little there is no band.
    """
    walked = running(days)
    if not walked:
        return {"kind": "lines", "daily": True, "x": [], "unit": "%", "digits": 2, "series": []}
    points = [(walked[0][0] - DAY, Tally()), *walked]
    deviation = spread(walked[-1][1])
    values = [float(sums.profit) for _day, sums in points]
    series: dict[str, Any] = {"label": "Running profit", "values": [round(value, 2) for value in values]}
    if deviation is not None:
        reach = [SURE * deviation * sqrt(sums.settled) for _day, sums in points]
        low = [round(value - far, 2) for value, far in zip(values, reach, strict=True)]
        high = [round(value + far, 2) for value, far in zip(values, reach, strict=True)]
        series["band"] = [low, high]
    x = [int(datetime.combine(day, time(), tzinfo=UTC).timestamp()) for day, _sums in points]
    return {"kind": "lines", "daily": True, "x": x, "unit": "%", "digits": 2, "series": [series]}


def spread(sums: Tally) -> float | None:
    """The standard deviation of one pick's profit, in units; None where there are too few to tell."""
    n = sums.settled
    if n < ENOUGH:
        return None
    return sqrt((n * sums.profit_squares - sums.profit * sums.profit) / (n * (n - 1)))
