"""Take the anchor's rows in: join them to fixtures, and record their lines as quotes of the book `pinnacle`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.feed.anchors.joining import NEAR, Join, Joiner
from apps.feed.anchors.pinnacle import SOURCE, AnchorReading
from apps.feed.ingest import schedule
from apps.feed.models import AnchorRow, Fixture, KickoffChange, TeamAlias
from apps.feed.quotes import Observed, record_quotes
from apps.feed.readings import MarketReading, SelectionReading

SWAP = {"home": "away", "away": "home"}
BATCH = 2_000


def ingest_anchor(
    readings: Sequence[AnchorReading], *, sport: str, feed: str, unread: Sequence[str], now: datetime
) -> int:
    """One whole list of the anchor; gives how many of its rows are joined.

    A row that the list no longer shows has lost its line: its quotes are closed. unread: ids of records that were
    there but could not be read; their lines are left alone.
    """
    rows = _upsert(readings, feed=feed, now=now)
    with transaction.atomic():
        left = _join(rows, sport=sport, now=now)
    joined = {row.external_id: row for row in AnchorRow.objects.filter(source=SOURCE, feed=feed).exclude(fixture=None)}
    fixtures = Fixture.objects.in_bulk([row.fixture_id for row in joined.values() if row.fixture_id])
    lines = {reading.external_id: reading.markets for reading in readings}
    observed: dict[int, Observed] = {}
    for external_id, row in joined.items():
        # A row not seen for a day was closed long ago; `unread` rows are there, only not readable.
        if row.fixture_id is None or external_id in unread or row.last_seen_at < now - timedelta(days=1):
            continue
        if row.fixture_id in observed and external_id not in lines:
            continue
        observed[row.fixture_id] = Observed(
            fixture_id=row.fixture_id,
            book=SOURCE,
            markets=tuple(_turned(market, row.swapped) for market in lines.get(external_id, ())),
            in_play=fixtures[row.fixture_id].started_at is not None,
        )
    for fixture_id in left - observed.keys():  # its row turned out to be another match's
        observed[fixture_id] = Observed(fixture_id, SOURCE, ())
    record_quotes(list(observed.values()), now=now)
    return len(joined)


def _upsert(readings: Sequence[AnchorReading], *, feed: str, now: datetime) -> list[AnchorRow]:
    rows = {
        reading.external_id: AnchorRow(
            source=SOURCE,
            external_id=reading.external_id,
            sport=reading.sport,
            home_team=reading.home_team,
            away_team=reading.away_team,
            commence_at=reading.commence_at,
            feed=feed,
            first_seen_at=now,
            last_seen_at=now,
        )
        for reading in readings
    }
    AnchorRow.objects.bulk_create(
        rows.values(),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["source", "external_id"],
        update_fields=["home_team", "away_team", "commence_at", "last_seen_at"],
    )
    return list(AnchorRow.objects.filter(source=SOURCE, external_id__in=rows).select_related("fixture"))


def _join(rows: Sequence[AnchorRow], *, sport: str, now: datetime) -> set[int]:
    """Join every row anew, since names, times and sides may have moved; a fixture that has no start takes its row's.

    Gives the fixtures that a row was taken from.
    """
    joiner = Joiner(_candidates(rows, sport=sport, now=now), aliases_of(sport))
    joins = _one_row_a_fixture([(row, join) for row in rows if (join := joiner.find(row))], now=now)
    changed: list[AnchorRow] = []
    left: set[int] = set()
    for row in rows:
        join = joins.get(row.pk)
        fixture, swapped = join or (None, False)
        if (row.fixture_id, row.swapped) != (fixture.pk if fixture else None, swapped):
            changed.append(row)
            left |= {row.fixture_id} if row.fixture_id else set()
        row.fixture, row.swapped = fixture, swapped
    AnchorRow.objects.bulk_update(changed, ["fixture", "swapped"], batch_size=BATCH)
    give_kickoffs([row for row in rows if row.fixture_id], now=now)
    return left - {row.fixture_id for row in rows if row.fixture_id}


def _one_row_a_fixture(found: Sequence[tuple[AnchorRow, Join]], *, now: datetime) -> dict[int, Join]:
    """Of several rows that fit one fixture (two legs, a series) the best: sides in order, then nearest in time."""

    def distance(row: AnchorRow, join: Join) -> tuple[bool, float]:
        expected = join.fixture.kickoff_at or now
        return join.swapped, abs((row.commence_at - expected).total_seconds()) if row.commence_at else float("inf")

    best: dict[int, tuple[AnchorRow, Join]] = {}
    for row, join in found:
        rival = best.get(join.fixture.pk)
        if rival is None or distance(row, join) < distance(*rival):
            best[join.fixture.pk] = row, join
    return {row.pk: join for row, join in best.values()}


def _candidates(rows: Sequence[AnchorRow], *, sport: str, now: datetime) -> list[Fixture]:
    times = [row.commence_at for row in rows if row.commence_at] or [now]
    firm = ~Q(kickoff_source__in=["", "anchor"])
    return list(
        # Locked in the order in which a page of fixtures is locked: neither waits for the other in a ring.
        Fixture.objects.select_for_update(no_key=True)
        .order_by("id")
        .filter(sport=sport, merged_into=None, tournament=False, last_seen_at__gte=now - timedelta(days=1))
        .exclude(firm, kickoff_at__lt=min(times) - NEAR)
        .exclude(firm, kickoff_at__gt=max(times) + NEAR)
    )


def aliases_of(sport: str) -> dict[str, str]:
    """The alias table of one sport: folded name -> folded name."""
    return dict(TeamAlias.objects.filter(sport=sport).values_list("name", "same_as"))


def give_kickoffs(rows: Sequence[AnchorRow], *, now: datetime) -> None:
    """Where the feed itself names no start, the anchor's commence time is the kick-off."""
    moves = []
    for row in rows:
        if row.fixture is not None and row.commence_at is not None:
            move = schedule(row.fixture, row.commence_at, source="anchor", now=now)
            if move is not None:
                moves.append(move)
    fixtures = {move.fixture_id: move.fixture for move in moves}
    Fixture.objects.bulk_update(fixtures.values(), ["kickoff_at", "kickoff_source", "odds_due_at"], batch_size=BATCH)
    KickoffChange.objects.bulk_create(moves, batch_size=BATCH)


def _turned(market: MarketReading, swapped: bool) -> MarketReading:
    """The market with its sides named as the fixture names them."""
    if not swapped:
        return market
    return MarketReading(
        market.book,
        market.external_id,
        market.name,
        market.kind,
        tuple(
            SelectionReading(reading.name, SWAP.get(reading.side, reading.side), reading.back_odds)
            for reading in market.selections
        ),
        line=market.line,
    )
