"""From what was measured to the rows of the tables, with the targets they have to meet."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bench.load import Load
from bench.report import Row

FLAT = 1.2  # how much longer the larger one may take
ENTERPRISE_KB, STARTER_KB = 110, 2
PAGE_MS = 100


class PageTime(NamedTuple):
    """A page's name, and the median of its milliseconds."""

    what: str
    ms: float


def warm_rows(saw: dict[str, Load], *, deep: int) -> list[Row]:
    """Under load from wrk, everything asked before."""
    ours, ceiling, conventional = saw["ours"], saw["ceiling"], saw["conventional"]
    picks, record = "GET /picks?limit=50, warm", "GET /track-record?days_back=365, warm"
    return [
        Row(picks, "req/s", ours.rps, 10, "≥", conventional.rps, "conventional"),
        Row(picks, "ms p99", ours.p99_ms, 1, "≤", conventional.p99_ms, "conventional", {"ceiling": ceiling.p99_ms}),
        Row(picks, "req/s", ours.rps, 0.4, "≥", ceiling.rps, "ceiling"),
        _slower(f"page {deep:,}, warm", saw["ours deep"], saw["ours many"], "page 1"),
        _slower(f"{deep * 200:,} picks, warm", saw["ours many"], ours, "10,000"),
        _slower(f"{record}, {deep * 200:,} settled", saw["record many"], saw["record"], "10,000"),
    ]


def _slower(what: str, larger: Load, smaller: Load, smaller_name: str) -> Row:
    """Time a request under load, in microseconds of the whole server."""
    return Row(what, "µs", 1e6 / larger.rps, FLAT, "≤", 1e6 / smaller.rps, smaller_name)


def waiting_rows(ms: dict[str, float], *, deep: int) -> list[Row]:
    """One request at a time, the first after a pick changed; the conventional stack's beside it."""
    many = f"{deep * 200:,}"

    def row(what: str, larger: str, smaller: str, smaller_name: str) -> Row:
        peer_larger, peer_smaller = ms[f"peer {larger}"], ms[f"peer {smaller}"]
        beside = {"conventional": peer_larger, f"conventional {smaller_name}": peer_smaller}
        return Row(what, "ms", ms[larger], FLAT, "≤", ms[smaller], smaller_name, beside)

    return [
        row(f"page {deep:,}, first after a change", "deep", "page", "page 1"),
        row(f"{many} picks, first after a change", "page", "page few", "10,000"),
        row(f"track record, {many} settled, first after a change", "record", "record few", "10,000"),
    ]


def limiter_rows(by: dict[str, dict[str, float]]) -> list[Row]:
    """The limiter alone at 10,000 an hour, against `limits`; DRF's throttle beside it."""
    ours, limits, drf = by["ours"], by["limits"], by["DRF"]

    def row(what: str, unit: str, key: str, target: float, scale: float = 1) -> Row:
        beside = {"DRF": drf[key] / scale}
        return Row(what, unit, ours[key] / scale, target, "≤", limits[key] / scale, "limits", beside)

    return [
        row("limiter alone, admitted at 10,000/h", "µs", "admitted", 1),
        row("limiter alone, refused at 10,000/h", "µs", "refused", 1),
        row("limiter alone, memory of a key at 10,000/h", "KB", "bytes", 0.5, 1e3),
        Row(
            "exact: admitted of 800 tries by 16 processes, limit 100",
            "",
            ours["passed"],
            100,
            "=",
            beside={"limits": limits["passed"], "DRF": drf["passed"]},
        ),
        Row("memory of an Enterprise key at its limit", "KB", ours["bytes"] / 1e3, ENTERPRISE_KB),
        Row("memory of a Starter key at its limit", "KB", ours["starter_bytes"] / 1e3, STARTER_KB),
    ]


def slowest(pages: Sequence[PageTime]) -> PageTime:
    return max(pages, key=lambda page: page.ms)


def page_rows(saw: Mapping[str, Sequence[PageTime]], *, new: Mapping[str, float], barest: float) -> list[Row]:
    """The slowest page of each area; beside it the same page of a new customer, where customers have it.

    barest: milliseconds of a page that says one sentence.
    """
    rows = []
    for area, pages in saw.items():
        what, ms = slowest(pages)
        of = f", slowest of {len(pages)}" if len(pages) > 1 else ""
        beside = {"new customer": new[what], "one sentence": barest} if what in new else {}
        rows.append(Row(f"page of {area}: {what}{of}", "ms", ms, PAGE_MS, beside=beside))
    return rows
