"""Take prices in: a change adds a quote, an unchanged price moves the time of its last confirmation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.core.races import in_transaction
from apps.feed.models import Market, Quote, Selection
from apps.feed.readings import MarketReading, SelectionReading

PRICE = ["back_odds", "back_size", "lay_odds", "lay_size", "is_open", "in_play", "fresh"]
BATCH = 2_000
State = dict[str, Any]  # the columns of PRICE


@dataclass(frozen=True, slots=True)
class Observed:
    """The markets of one fixture at one book, seen at one moment.

    whole: the answer named every market that the book has, so what it leaves out has been withdrawn.
    """

    fixture_id: int
    book: str
    markets: tuple[MarketReading, ...]
    fresh: bool = True
    in_play: bool = False
    whole: bool = True


def record_quotes(observed: Sequence[Observed], *, now: datetime) -> int:
    """Write what was observed; gives how many prices changed. The same number of statements for one market or 5,000."""
    # One answer may name an event twice, with two prices: the later word counts.
    observed = list({(seen.fixture_id, seen.book): seen for seen in observed}.values())
    if not observed:
        return 0
    return in_transaction(lambda: _record(observed, now=now))


def confirm_quotes(*, fixture_ids: Iterable[int], books: Sequence[str], now: datetime) -> int:
    """The feed says that nothing moved: every open, fresh price of these fixtures was seen again now."""
    still = Selection.objects.filter(
        market__fixture_id__in=list(fixture_ids), market__book__in=books, is_open=True, fresh=True
    )
    with transaction.atomic():  # locked in one order everywhere, so that two workers never wait for each other
        ids = list(still.select_for_update(of=("self",)).order_by("id").values_list("pk", flat=True))
        return Selection.objects.filter(pk__in=ids, last_confirmed_at__lt=now).update(last_confirmed_at=now)


@dataclass
class Changes:
    """What one call has to write."""

    now: datetime
    new: list[Selection] = field(default_factory=list)
    changed: list[Selection] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)

    def add(self, market: Market, reading: SelectionReading, known: dict[str, Selection], state: State) -> None:
        """Note one price of a market: new, other than before, or seen again."""
        row = known.get(reading.name)
        if row is None:
            known[reading.name] = made = Selection(market=market, name=reading.name, side=reading.side, **state)
            made.observed_at = made.last_confirmed_at = self.now
            self.new.append(made)
        elif row.last_confirmed_at > self.now:
            return  # a slower worker: somebody has looked since
        elif row.side != reading.side or any(getattr(row, name) != value for name, value in state.items()):
            for name, value in {**state, "side": reading.side, "observed_at": self.now}.items():
                setattr(row, name, value)
            self.changed.append(row)
        else:
            self.confirmed.append(row.pk)


def _record(observed: Sequence[Observed], *, now: datetime) -> int:
    markets = _markets(observed)
    selections = _selections(observed)
    changes = Changes(now)
    for seen in observed:
        named = {market.external_id: market for market in seen.markets}
        for external_id, market in markets[seen.fixture_id, seen.book].items():
            if external_id in named or seen.whole:
                known = selections.setdefault(market.pk, {})
                for reading, is_open in _readings(named.get(external_id), known):
                    changes.add(market, reading, known, _state(reading, seen, is_open=is_open))
    _write(changes)
    return len(changes.new) + len(changes.changed)


def _selections(observed: Sequence[Observed]) -> dict[int, dict[str, Selection]]:
    """Every known selection of the fixtures and books observed, locked: {market id: {name: row}}."""
    selections: dict[int, dict[str, Selection]] = {}
    rows = Selection.objects.select_for_update(of=("self",)).filter(
        market__fixture_id__in={seen.fixture_id for seen in observed}, market__book__in={seen.book for seen in observed}
    )
    for row in rows.order_by("id"):
        selections.setdefault(row.market_id, {})[row.name] = row
    return selections


def _markets(observed: Sequence[Observed]) -> dict[tuple[int, str], dict[str, Market]]:
    """Every market by external id, of each fixture and book observed; the new ones made."""
    markets: dict[tuple[int, str], dict[str, Market]] = {(seen.fixture_id, seen.book): {} for seen in observed}
    for row in Market.objects.filter(fixture_id__in={key[0] for key in markets}, book__in={key[1] for key in markets}):
        if (row.fixture_id, row.book) in markets:
            markets[row.fixture_id, row.book][row.external_id] = row
    new: list[Market] = []
    for seen in observed:
        known = markets[seen.fixture_id, seen.book]
        for reading in seen.markets:
            if reading.external_id not in known:
                known[reading.external_id] = Market(
                    fixture_id=seen.fixture_id,
                    book=seen.book,
                    external_id=reading.external_id,
                    name=reading.name,
                    kind=reading.kind,
                    line=reading.line,
                )
                new.append(known[reading.external_id])
    Market.objects.bulk_create(new, batch_size=BATCH)
    return markets


def _readings(market: MarketReading | None, known: dict[str, Selection]) -> Iterable[tuple[SelectionReading, bool]]:
    """What is to be written of one market: what was read, and a withdrawal for every selection that was not."""
    read = market.selections if market else ()
    for reading in read:
        yield reading, market is not None and market.is_open
    names = {reading.name for reading in read}
    for row in list(known.values()):
        if row.name not in names:
            yield SelectionReading(row.name, row.side), False


def _state(reading: SelectionReading, seen: Observed, *, is_open: bool) -> State:
    return {
        "back_odds": reading.back_odds,
        "back_size": reading.back_size,
        "lay_odds": reading.lay_odds,
        "lay_size": reading.lay_size,
        "is_open": is_open,
        "in_play": seen.in_play,
        "fresh": seen.fresh,
    }


CLOSE_FORMER = """
UPDATE feed_quote AS q SET confirmed_until = s.last_confirmed_at
FROM feed_selection AS s
WHERE q.selection_id = s.id AND q.confirmed_until IS NULL AND s.id = ANY(%s)
"""


def _write(changes: Changes) -> None:
    if changes.changed:
        with connection.cursor() as cursor:
            cursor.execute(CLOSE_FORMER, [[row.pk for row in changes.changed]])
        for row in changes.changed:
            row.last_confirmed_at = changes.now
    Selection.objects.bulk_create(changes.new, batch_size=BATCH)
    Selection.objects.bulk_create(
        changes.changed,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*PRICE, "side", "observed_at", "last_confirmed_at"],
    )
    Selection.objects.filter(pk__in=changes.confirmed).update(last_confirmed_at=changes.now)
    Quote.objects.bulk_create(
        (
            Quote(selection=row, observed_at=changes.now, **{name: getattr(row, name) for name in PRICE})
            for row in [*changes.new, *changes.changed]
        ),
        batch_size=BATCH,
    )
