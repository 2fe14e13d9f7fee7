"""The track record as sums, and the figures made of them. Pure: domain.md section 6 in code."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from itertools import accumulate

CENT = Decimal("0.01")
ZERO = Decimal(0)
EXACT_DIGITS = 64  # the square of a sum has twice the 28 digits that the daily record keeps of one


@dataclass(frozen=True, slots=True)
class Counted:
    """One settled pick as the record sees it: profit in units, edge and CLV as fractions."""

    day: date
    sport: str
    result: str
    profit: Decimal
    edge: Decimal
    clv: Decimal | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over settled picks, voids left out. Tallies add up and subtract, so any span is a sum of days.

    The squares are sums of squares, exact to the last digit: with count and sum they give the standard error.
    """

    settled: int = 0
    pushes: int = 0
    wins: int = 0  # win and half_win
    profit: Decimal = ZERO
    profit_squares: Decimal = ZERO
    edge_sum: Decimal = ZERO
    clv_count: int = 0
    clv_beats: int = 0  # above 0: the odds taken were better than the closing ones
    clv_sum: Decimal = ZERO
    clv_squares: Decimal = ZERO

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            settled=self.settled + other.settled,
            pushes=self.pushes + other.pushes,
            wins=self.wins + other.wins,
            profit=self.profit + other.profit,
            profit_squares=self.profit_squares + other.profit_squares,
            edge_sum=self.edge_sum + other.edge_sum,
            clv_count=self.clv_count + other.clv_count,
            clv_beats=self.clv_beats + other.clv_beats,
            clv_sum=self.clv_sum + other.clv_sum,
            clv_squares=self.clv_squares + other.clv_squares,
        )

    def __neg__(self) -> "Tally":
        return Tally(
            settled=-self.settled,
            pushes=-self.pushes,
            wins=-self.wins,
            profit=-self.profit,
            profit_squares=-self.profit_squares,
            edge_sum=-self.edge_sum,
            clv_count=-self.clv_count,
            clv_beats=-self.clv_beats,
            clv_sum=-self.clv_sum,
            clv_squares=-self.clv_squares,
        )


def tally(pick: Counted) -> Tally:
    """What one settled pick adds to the record: nothing for a void."""
    if pick.result == "void":
        return Tally()
    clv = pick.clv or ZERO
    return Tally(
        settled=1,
        pushes=int(pick.result == "push"),
        wins=int(pick.result in ("win", "half_win")),
        profit=pick.profit,
        profit_squares=pick.profit * pick.profit,
        edge_sum=pick.edge,
        clv_count=int(pick.clv is not None),
        clv_beats=int(clv > 0),
        clv_sum=clv,
        clv_squares=clv * clv,
    )


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of any number of tallies."""
    return sum(tallies, Tally())


def roi_pct(sums: Tally) -> float | None:
    """100 x profit / bets, one unit each, pushes among them; None without a bet."""
    return _percent(sums.profit, sums.settled)


def overall(sums: Tally) -> dict[str, float | int | None]:
    """The `overall` object of GET /track-record; averages are None where nothing was counted, errors below two."""
    return {
        "roi_pct": roi_pct(sums),
        "win_rate": _percent(Decimal(sums.wins), sums.settled - sums.pushes),
        "total_settled": sums.settled,
        "clv_avg_pct": _percent(sums.clv_sum, sums.clv_count),
        "edge_avg_pct": _percent(sums.edge_sum, sums.settled),
        "roi_se_pct": standard_error_pct(sums.profit, sums.profit_squares, sums.settled),
        "clv_se_pct": standard_error_pct(sums.clv_sum, sums.clv_squares, sums.clv_count),
        "clv_count": sums.clv_count,
        "beat_close_pct": _percent(Decimal(sums.clv_beats), sums.clv_count),
    }


def standard_error_pct(added: Decimal, squares: Decimal, count: int) -> float | None:
    """100 x the standard error of the mean of `count` values that add up to `added`; None below two.

    That is their sample standard deviation over √n: with Σ(x - mean)² = Σx² - (Σx)² / n, the root of
    (n Σx² - (Σx)²) / (n² (n - 1)). squares: Σx². The difference is exact, hence never below 0 (Cauchy-Schwarz).
    """
    if count < 2:
        return None
    with localcontext(prec=EXACT_DIGITS):
        scatter = count * squares - added * added
        return _rounded(100 * (scatter / (count * count * (count - 1))).sqrt())


def running(days: Iterable[tuple[date, Tally]]) -> list[tuple[date, Tally]]:
    """Every day with a counted settlement, oldest first, with the tally of everything up to its end.

    days: any order, several rows a day allowed.
    """
    by_day: dict[date, Tally] = {}
    for day, sums in days:
        by_day[day] = by_day.get(day, Tally()) + sums
    counted = sorted(day for day, sums in by_day.items() if sums.settled)
    return list(zip(counted, accumulate(by_day[day] for day in counted), strict=True))


def cumulative(days: Iterable[tuple[date, Tally]]) -> list[dict[str, str | float]]:
    """The `series` of GET /track-record: the running sum of profit, one unit being 1 % of the bankroll."""
    return [{"date": day.isoformat(), "cumulative_pnl_pct": _rounded(sums.profit)} for day, sums in running(days)]


def _percent(part: Decimal, whole: int) -> float | None:
    return _rounded(100 * part / whole) if whole else None


def _rounded(value: Decimal) -> float:
    return float(value.quantize(CENT, ROUND_HALF_EVEN)) + 0.0  # no -0.0
