"""Send a whole season through the running system, and account for every match of it."""

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.devtools.stack.processes import StackError
from apps.devtools.stack.stack import Stack
from apps.feed.models import Fixture, Quote
from apps.picks.candidates import ANCHOR, rules, sides_of
from apps.picks.engine.edge import Quoted, best_edge
from apps.picks.models import Pick, Status
from apps.picks.rollup import differences
from apps.picks.track import track_record

DRAIN_SECONDS = 75.0  # after the last match, for its result to be read and its pick to be settled


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is."""

    ended: int
    total: int
    picks: int
    settled: int


@dataclass(frozen=True, slots=True)
class Account:
    """What became of every match: how many by each explanation, and those that have none."""

    by_reason: dict[str, int]
    unexplained: list[str]


def follow(stack: Stack, *, minutes: float, show: Callable[[Progress], None]) -> None:
    """Watch until every match has ended and every pick that can be is settled; StackError where that never comes."""
    until = time.monotonic() + minutes * 60 + DRAIN_SECONDS
    sandbox = f"http://127.0.0.1:{stack.ports['sandbox']}/_sandbox/state"
    while True:
        stack.tick()
        state = _json(sandbox)
        picks = Counter(Pick.objects.values_list("status", flat=True))
        show(Progress(state["finished"], state["total"], picks.total(), picks[Status.SETTLED]))
        if state["done"] and not _waiting():
            return
        if time.monotonic() > until:
            raise StackError(
                f"The season is over and {_waiting()} of its matches have no result or no settled pick yet. "
                f"The logs are in {stack.folder.logs}."
            )
        time.sleep(0.5)


def _waiting() -> int:
    """Matches without a result, and picks that are out and neither settled nor held for a person."""
    return (
        Fixture.objects.filter(merged_into=None, results=None).count()
        + Pick.objects.filter(status=Status.PUBLISHED, held="").count()
        + Pick.objects.filter(status=Status.REVIEW).count()
    )


def account() -> Account:
    """Explain every match: its pick and where that ended, or why none was made, from the prices that were there."""
    reasons: Counter[str] = Counter()
    unexplained: list[str] = []
    picks = {pick.fixture_id: pick for pick in Pick.objects.order_by("proposed_at")}
    opening = _opening_quotes()
    for fixture in Fixture.objects.filter(merged_into=None).order_by("kickoff_at"):
        pick = picks.get(fixture.pk)
        reason = _fate(pick) if pick else _why_no_pick(fixture, opening.get(fixture.pk, []))
        reasons[reason] += 1
        if reason.startswith("UNEXPLAINED"):
            unexplained.append(f"{fixture}: {reason}")
    return Account(dict(reasons.most_common()), unexplained)


def _fate(pick: Pick) -> str:
    if pick.status == Status.SETTLED:
        return "pick settled"
    if pick.status == Status.PUBLISHED and pick.held:
        return f"pick held for a person: {pick.held}"
    if pick.status == Status.EXPIRED and pick.suspicious:
        return f"no pick: an edge above {100 * rules().edge_max:g} % is left to reviewers"
    return f"UNEXPLAINED: its pick ended {pick.status}"


def _opening_quotes() -> dict[int, list[Quote]]:
    """The first quote of every selection, by fixture."""
    first: dict[int, list[Quote]] = {}
    quotes = Quote.objects.select_related("selection__market").order_by("selection_id", "observed_at", "id")
    for quote in quotes.distinct("selection_id"):
        first.setdefault(quote.selection.market.fixture_id, []).append(quote)
    return first


def _why_no_pick(fixture: Fixture, opening: Iterable[Quote]) -> str:
    """Measure the opening prices again, without any guard of time."""
    anchor: list[Quoted] = []
    offers: list[Quoted] = []
    for quote in opening:
        if quote.back_odds is not None and quote.is_open:
            quoted = Quoted(
                side=quote.selection.side,
                odds=quote.back_odds,
                size=quote.back_size,
                since=quote.observed_at,
                confirmed_at=quote.observed_at,
                book=quote.selection.market.book,
                selection_id=quote.selection_id,
            )
            (anchor if quoted.book == ANCHOR else offers).append(quoted)
    sides = sides_of(fixture.sport)
    if {quoted.side for quoted in anchor} != set(sides):
        return "no pick: Pinnacle did not price every outcome"
    if not offers:
        return "no pick: nobody offered a price"
    edge = best_edge(anchor, offers, sides=sides, now=anchor[0].since, rules=rules())
    if edge is None:
        return f"no pick: no edge of {100 * rules().edge_min:g} % or more within the guards"
    return f"UNEXPLAINED: an edge of {100 * edge.edge:.2f} % made no pick"


def summary(stack: Stack) -> list[str]:
    """What the API says of the season, line by line; StackError where it says anything else than the picks do."""
    key = stack.demo["keys"]["enterprise"]
    record = _json(f"{stack.url}/api/v1/track-record?days_back=1", key)
    count = _json(f"{stack.url}/api/v1/picks?limit=1", key)["count"]
    mine = track_record(sport=None, days_back=1, now=timezone.now() + timedelta(minutes=1))
    out = Pick.objects.filter(status__in=[Status.PUBLISHED, Status.SETTLED]).count()
    wrong = differences()
    if record != mine or count != out or wrong:
        raise StackError(
            f"The API says {record['overall']} of {count} picks; the picks say {mine['overall']} of {out}. {wrong}"
        )
    overall = record["overall"]
    return [
        f"Picks published  {count}",
        f"Picks settled    {overall['total_settled']}",
        f"ROI              {_percent(overall['roi_pct'])} a unit staked",
        f"Win rate         {_percent(overall['win_rate'], signed=False)}",
        f"Mean edge        {_percent(overall['edge_avg_pct'])}",
        f"Mean CLV         {_percent(overall['clv_avg_pct'])}",
        f"Profit           {record['series'][-1]['cumulative_pnl_pct'] if record['series'] else 0:+.2f} units",
    ]


def _percent(value: float | None, *, signed: bool = True) -> str:
    return "none" if value is None else f"{value:{'+' if signed else ''}.2f} %"


def _json(url: str, key: str = "") -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.load(answer))
    except (OSError, ValueError) as error:
        raise StackError(f"{url} did not answer: {error}") from error
