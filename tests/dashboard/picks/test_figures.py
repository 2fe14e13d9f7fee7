"""What is said of a record, and how it is drawn."""

from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from statistics import stdev
from typing import Any

import pytest

from apps.dashboard.picks.chart import chart
from apps.dashboard.picks.figures import figures, verdict
from apps.picks.record import Counted, Tally, overall, tally, total

DAY = date(2026, 5, 1)
RECORD: dict[str, Any] = {
    "roi_pct": 8.3,
    "win_rate": 54.1,
    "total_settled": 1420,
    "clv_avg_pct": 2.1,
    "edge_avg_pct": 3.8,
    "roi_se_pct": 4.87,
    "clv_se_pct": 0.55,
    "clv_count": 1396,
    "beat_close_pct": 57.58,
}


def settled(profit: str, *, day: date = DAY) -> tuple[date, Tally]:
    result = "win" if Decimal(profit) > 0 else "loss"
    return day, tally(Counted(day, "soccer", result, Decimal(profit), Decimal("0.04"), None))


def test_a_return_within_two_errors_cannot_be_told_from_nothing() -> None:
    returned, closing = verdict(RECORD)
    assert returned == (
        "With 1,420 settled picks the return is known to ± 9.74 points (two standard errors): "
        "it cannot be told from making nothing yet."
    )
    assert "± 1.10 points" in closing
    assert "better than taking the closing line" in closing


@pytest.mark.parametrize(("mean", "said"), [(9.75, "better"), (-9.75, "worse"), (9.74, "cannot"), (-9.74, "cannot")])
def test_what_is_said_turns_at_two_errors(mean: float, said: str) -> None:
    assert said in verdict({**RECORD, "roi_pct": mean})[0]


def test_one_pick_proves_nothing() -> None:
    said = verdict(overall(settled("0.91")[1]))
    assert said[0] == "With 1 settled pick the return cannot be judged yet: that takes 30 at least."
    assert said[1].startswith("With 0 closing lines the closing line value cannot be judged yet")


def test_a_few_losses_are_no_proof_though_their_spread_is_nothing() -> None:
    few = total(settled("-1")[1] for _ in range(29))
    assert "cannot be judged yet" in verdict(overall(few))[0]
    assert "worse than making nothing" in verdict(overall(few + settled("-1")[1]))[0]


def test_where_nothing_was_settled_nothing_is_claimed() -> None:
    assert verdict(overall(Tally())) == ["Nothing was settled in this time."]
    assert [figure.value for figure in figures(overall(Tally()))] == ["0", "–", "–", "–", "–", "–"]


def test_figures_carry_sign_sample_and_error() -> None:
    found = {figure.label: figure for figure in figures(RECORD)}
    assert found["Settled picks"].value == "1,420"
    assert (found["Return on investment"].value, found["Return on investment"].error) == ("+8.30 %", "4.87")
    assert found["Closing line value"].about == "mean of 1,396 picks with a closing line"
    assert found["Beat the closing line"].value == "57.58 %"


def test_the_line_begins_at_nothing_and_ends_at_the_sum() -> None:
    drawn = chart([settled("0.91"), settled("-1", day=date(2026, 5, 3)), settled("-1", day=date(2026, 5, 3))])
    (line,) = drawn["series"]
    assert line["values"] == [0, 0.91, -1.09]
    assert [(later - drawn["x"][0]) // 86_400 for later in drawn["x"]] == [0, 1, 3]


def test_the_band_is_two_errors_of_the_sum_wide() -> None:
    profits = ["0.91", "-1", "1.4", "-1", "0.8"] * 6
    days = [settled(profit, day=DAY + timedelta(days=number)) for number, profit in enumerate(profits)]
    (line,) = chart(days)["series"]
    low, high = line["band"]
    deviation = stdev(float(profit) for profit in profits)
    assert high[-1] - line["values"][-1] == pytest.approx(2 * deviation * sqrt(30), abs=0.01)
    assert line["values"][2] - low[2] == pytest.approx(2 * deviation * sqrt(2), abs=0.01)
    assert low[0] == high[0] == 0


def test_too_few_picks_have_no_band_and_none_have_no_line() -> None:
    assert "band" not in chart([settled("0.91")])["series"][0]
    assert chart([])["series"] == []
