"""The record's sums give means, standard errors and shares, whatever the picks, and older databases get them too."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import stdev

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given
from hypothesis import strategies as st

from apps.picks.models import DailyRecord
from apps.picks.record import Counted, Tally, overall, standard_error_pct, tally, total
from apps.picks.rollup import differences, rebuild
from tests.factories import PickFactory

DAY = date(2026, 5, 25)
CENT = Decimal("0.01")
PROFITS = st.decimals(-1, 999, places=4)
CLVS = st.decimals(Decimal("-0.9"), 999, places=8)
RESULTS = st.sampled_from(["win", "half_win", "push", "half_loss", "loss", "void"])
PICKS = st.builds(
    Counted,
    day=st.just(DAY),
    sport=st.just("soccer"),
    result=RESULTS,
    profit=PROFITS,
    edge=st.just(Decimal("0.04")),
    clv=st.none() | CLVS,
)


def bet(profit: str, clv: str | None = None) -> Counted:
    won = Decimal(profit) > 0
    return Counted(
        DAY, "soccer", "win" if won else "loss", Decimal(profit), Decimal(0), None if clv is None else Decimal(clv)
    )


def figures(*picks: Counted) -> dict[str, float | int | None]:
    return overall(total(map(tally, picks)))


def is_the_standard_error(told: float | int | None, values: list[Decimal]) -> bool:
    if len(values) < 2:
        return told is None
    exact = 100 * stdev(values) / Decimal(len(values)).sqrt()
    return told is not None and abs(Decimal(str(told)) - exact) <= CENT / 2 + Decimal("1e-15")


@given(st.lists(PICKS, max_size=40))
def test_errors_and_shares_are_those_of_the_picks_themselves(picks: list[Counted]) -> None:
    told = figures(*picks)
    profits = [pick.profit for pick in picks if pick.result != "void"]
    clvs = [pick.clv for pick in picks if pick.result != "void" and pick.clv is not None]
    assert is_the_standard_error(told["roi_se_pct"], profits)
    assert is_the_standard_error(told["clv_se_pct"], clvs)
    assert told["clv_count"] == len(clvs)
    beats = 100 * Decimal(sum(clv > 0 for clv in clvs)) / (len(clvs) or 1)
    assert told["beat_close_pct"] == (float(round(beats, 2)) if clvs else None)


@given(st.lists(st.tuples(PICKS, PICKS), max_size=20))
def test_correcting_every_pick_leaves_the_sums_of_the_corrected_ones(pairs: list[tuple[Counted, Counted]]) -> None:
    moved = total(tally(after) + -tally(before) for before, after in pairs)
    assert total(tally(before) for before, _ in pairs) + moved == total(tally(after) for _, after in pairs)


@given(CLVS, st.integers(2, 10**6))
def test_values_that_are_all_the_same_have_no_error(value: Decimal, count: int) -> None:
    assert standard_error_pct(value * count, value * value * count, count) == 0


def test_a_win_and_a_loss_at_evens_may_be_anything_from_minus_to_plus_200_percent() -> None:
    told = figures(bet("1"), bet("-1"))
    assert (told["roi_pct"], told["roi_se_pct"]) == (0, 100)


def test_one_pick_has_means_and_no_errors() -> None:
    told = figures(bet("0.91", clv="0.02"))
    assert (told["roi_pct"], told["clv_avg_pct"], told["beat_close_pct"]) == (91, 2, 100)
    assert (told["roi_se_pct"], told["clv_se_pct"]) == (None, None)


def test_odds_equal_to_the_close_did_not_beat_it_and_picks_without_one_are_not_asked() -> None:
    told = figures(bet("1", clv="0.02"), bet("1", clv="0"), bet("1", clv="-0.01"), bet("1"))
    assert (told["beat_close_pct"], told["clv_count"], told["total_settled"]) == (33.33, 3, 4)


@pytest.mark.parametrize(("apart", "told"), [("0.0001", 0.0), ("0.0003", 0.02), ("0.0005", 0.02)])
def test_halves_go_to_the_even_digit(apart: str, told: float) -> None:
    assert figures(bet("1"), bet(str(1 + Decimal(apart))))["roi_se_pct"] == told


def test_a_void_adds_nothing_even_with_a_closing_price() -> None:
    assert tally(Counted(DAY, "soccer", "void", Decimal(0), Decimal("0.04"), Decimal("0.02"))) == Tally()


def played(count: int) -> None:
    """Settled picks of three days and two sports, voids and picks without a closing price among them."""
    chance = random.Random(5)
    for _ in range(count):
        at = datetime(2026, 5, 25, 23, 59, 59, tzinfo=UTC) + timedelta(days=chance.randint(0, 2))
        PickFactory(
            settled=True,
            settled_at=at,
            sport=chance.choice(["soccer", "tennis"]),
            result=chance.choice(["win", "loss", "void"]),
            profit=Decimal(chance.randint(-10_000, 40_000)) / 10**4,
            clv=chance.choice([None, Decimal(0), Decimal(chance.randint(-9_999_999, 9_999_999)) / 10**8]),
        )


@pytest.mark.django_db(transaction=True)
def test_a_database_with_history_agrees_with_its_picks_right_after_migrating() -> None:
    played(60)
    rebuild()
    before = list(DailyRecord.objects.order_by("pk").values())
    executor = MigrationExecutor(connection)
    executor.migrate([("picks", "0004_counts_and_changes")])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM picks_dailyrecord LIMIT 0")
            assert "clv_squares" not in {column.name for column in cursor.description}
    finally:
        call_command("migrate", verbosity=0)
    assert list(DailyRecord.objects.order_by("pk").values()) == before
    assert differences() == []
