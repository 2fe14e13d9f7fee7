"""The track record in words: its figures with their standard errors, and what these allow to say. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

Overall = Mapping[str, float | int | None]  # `overall` of GET /track-record
SURE = 2  # standard errors: chance alone strays further, to one side, about once in 40 times
ENOUGH = 30  # values: of fewer the spread itself is too uncertain for their error to mean much


@dataclass(frozen=True, slots=True)
class Figure:
    """label: what it is. value: in words. error: its standard error in points, if it has one. about: of what."""

    label: str
    value: str
    error: str = ""
    about: str = ""


def figures(overall: Overall) -> list[Figure]:
    """What stands beside the chart, the number of picks first."""
    lines = f"of {overall['clv_count']:,} picks with a closing line" if overall["clv_count"] else "no closing line yet"
    return [
        Figure("Settled picks", f"{overall['total_settled']:,}", about="void ones left out"),
        Figure("Return on investment", _signed(overall["roi_pct"]), _error(overall["roi_se_pct"]), "at level stakes"),
        Figure("Closing line value", _signed(overall["clv_avg_pct"]), _error(overall["clv_se_pct"]), f"mean {lines}"),
        Figure("Beat the closing line", _share(overall["beat_close_pct"]), about=lines),
        Figure("Won", _share(overall["win_rate"]), about="half wins counted, stakes given back left out"),
        Figure("Mean edge", _signed(overall["edge_avg_pct"]), about="estimated when published"),
    ]


def verdict(overall: Overall) -> list[str]:
    """What return and closing line value prove so far, a sentence each: something good, something bad, or nothing."""
    picks, lines = int(overall["total_settled"] or 0), int(overall["clv_count"] or 0)
    if not picks:
        return ["Nothing was settled in this time."]
    of_picks, of_lines = _counted(picks, "settled pick"), _counted(lines, "closing line")
    return [
        _proof(f"With {of_picks} the return", picks, overall["roi_pct"], overall["roi_se_pct"], "making nothing"),
        _proof(
            f"With {of_lines} the closing line value",
            lines,
            overall["clv_avg_pct"],
            overall["clv_se_pct"],
            "taking the closing line",
        ),
    ]


def _proof(what: str, count: int, mean: float | None, error: float | None, nothing: str) -> str:
    if mean is None or error is None or count < ENOUGH:
        return f"{what} cannot be judged yet: that takes {ENOUGH} at least."
    known = f"{what} is known to ± {SURE * error:.2f} points (two standard errors)"
    if abs(mean) <= SURE * error:
        return f"{known}: it cannot be told from {nothing} yet."
    side = "better" if mean > 0 else "worse"
    return f"{known}: it is {side} than {nothing}, by more than chance alone would often do."


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f} %"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} %"


def _error(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
