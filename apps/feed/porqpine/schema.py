"""Porqpine's JSON into readings. Knows no HTTP and no database; what cannot be read raises Unreadable."""

import hashlib
import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from apps.feed import values
from apps.feed.names import side_of, sport_slug, teams_in
from apps.feed.readings import (
    FixtureReading,
    MarketReading,
    OddsReading,
    ResultReading,
    SelectionReading,
    Unreadable,
)

# The reference shows no start time. The first of these that holds an instant is the kick-off; add paths here.
KICKOFF_FIELDS = ("start_time", "startTime", "open_date", "openDate", "event_date", "market_start_time")
KICKOFF_PATHS = tuple((name,) for name in KICKOFF_FIELDS) + tuple(("raw", name) for name in KICKOFF_FIELDS)

IN_PLAY = frozenset({"live", "in play", "in-play", "inplay"})
CLOSED = frozenset({"suspended", "closed", "inactive", "settled"})
# Markets that ask who wins. "To Win The Toss" names both teams too, so the name decides, not the selections.
WHO_WINS = re.compile(r"match odds|match_odds|moneyline|winner|bookmaker( \d+ commission)?", re.IGNORECASE)
EVIDENCE = ("name", "winner", "final_scores", "status", "completed_at")  # of a result, kept as it came
BOOKS = {"exchange": "match_odds", "bookmaker": "bookmaker"}  # by book: where its markets stand in the odds
TAG = re.compile(r"\s*\(favou?rite\)\s*$", re.IGNORECASE)


def read_fixture(record: Any) -> FixtureReading:
    """One record of /events, /events/live, /socket-events or the `event` of a detail."""
    if not isinstance(record, dict):
        raise Unreadable("not an object")
    internal_id, bfi = read_ids(record)
    name = values.text(record.get("name"), 255)
    home, away = values.text(record.get("team_a")), values.text(record.get("team_b"))
    if not (home and away):
        home, away = (side[:160] for side in teams_in(name))
    label = values.text(record.get("sport"), 80)
    if not label:
        raise Unreadable("no sport")
    if not name and not (home and away):
        raise Unreadable("no name")
    return FixtureReading(
        internal_id=internal_id,
        bfi=bfi,
        sport=sport_slug(label),
        name=name or f"{home} vs {away}",
        home_team=home,
        away_team=away,
        league=_league(record.get("competition")),
        in_play=_in_play(record),
        kickoff_at=_kickoff(record),
        tournament=record.get("currently_live") == 0 and record.get("currently_live") is not False,
    )


def read_ids(record: dict[str, Any]) -> tuple[str | None, str | None]:
    """(internal id, bfi) of any record. /socket-events repeats the bfi as its id: that is no internal id."""
    bfi = None
    for holder in (record, values.mapping(record.get("raw"))):
        bfi = bfi or values.identifier(holder.get("bfi")) or values.identifier(holder.get("betfair_event_id"))
    internal_id = values.identifier(record.get("internal_id")) or values.identifier(record.get("id"))
    if internal_id == bfi:
        internal_id = None
    if internal_id is None and bfi is None:
        raise Unreadable("no id")
    return internal_id, bfi


def read_socket_event(record: Any) -> tuple[FixtureReading, OddsReading]:
    """One record of /socket-events: the event, and the best prices of its match odds."""
    fixture = read_fixture(record)
    markets = []
    for market in values.listing(record.get("markets")):
        market = values.mapping(market)
        market_id = values.text(market.get("market_id"), 80)
        if not market_id or market.get("type") != "MATCH_ODDS":
            continue
        selections = _selections(
            (
                selection
                for selection in values.listing(record.get("selections"))
                if isinstance(selection, dict) and selection.get("market_id") == market_id
            ),
            fixture,
            _flat_prices,
        )
        markets.append(MarketReading("exchange", market_id, "Match Odds", "match_odds", selections))
    return fixture, OddsReading(fixture.internal_id, fixture.bfi, tuple(markets), in_play=fixture.in_play)


def read_odds(data: Any, fixture: FixtureReading) -> OddsReading:
    """The `data` of /event/:id/odds: exchange and bookmaker markets. `fixture` tells which name is which side.

    Fancy markets hold run lines, not odds, and the raw frames under `market` only say that something moved: neither
    is decoded.
    """
    if not isinstance(data, dict):
        raise Unreadable("the odds are not an object")
    markets: list[MarketReading] = []
    for book, key in BOOKS.items():
        for market in values.listing(data.get(key)):
            reading = _market(market, book, fixture)
            if reading is not None and reading.external_id not in {known.external_id for known in markets}:
                markets.append(reading)
    return OddsReading(
        fixture.internal_id,
        fixture.bfi,
        tuple(markets),
        fresh=data.get("source") == "live",
        legible=_legible(data),
        in_play=fixture.in_play,
    )


def _legible(data: dict[str, Any]) -> bool:
    markets = [values.mapping(market) for key in BOOKS.values() for market in values.listing(data.get(key))]
    selections = [values.mapping(each) for market in markets for each in values.listing(market.get("selections"))]
    ladders = [selection.get(side) for selection in selections for side in ("back", "lay")]
    levels = [values.mapping(level) for ladder in ladders for level in values.listing(ladder)]
    return (
        all(values.text(market.get("market_id")) and values.text(market.get("market_name")) for market in markets)
        and all(isinstance(market.get("selections"), list) for market in markets)
        and all(values.text(selection.get("name")) for selection in selections)
        and all(ladder is None or isinstance(ladder, list) for ladder in ladders)
        and all(values.odds(level.get("odds")) for level in levels)
    )


def read_unified(data: Any) -> dict[str, str]:
    """/odds/unified: the digest of each event's frame by the id that was asked. A digest that moved says: look again.

    Empty where upstream did not answer from its live layer, so that nothing is taken for unchanged.
    """
    data = values.mapping(data)
    if data.get("source") != "live":
        return {}
    return {
        str(asked): hashlib.sha256(json.dumps(frame, sort_keys=True).encode()).hexdigest()
        for asked, frame in values.mapping(data.get("market")).items()
        if _shows_prices(frame)
    }


def _shows_prices(frame: Any) -> bool:
    """Whether a frame holds any market; an empty one says nothing, not that nothing moved."""
    frame = values.mapping(frame)
    return bool(values.mapping(frame.get("market")).get("byMarketId") or frame.get("bookmaker") or frame.get("fancy"))


def read_result(record: Any) -> ResultReading:
    """One record of /results, or the `data` of /result/:id."""
    if not isinstance(record, dict):
        raise Unreadable("not an object")
    internal_id, bfi = read_ids(record)
    winner = values.text(record.get("winner"))
    scores = values.mapping(record.get("final_scores"))
    home, away = values.score(scores.get("home")), values.score(scores.get("away"))
    if home is None or away is None:
        home = away = None
    return ResultReading(
        internal_id=internal_id,
        bfi=bfi,
        name=values.text(record.get("name"), 255),
        home_team=values.text(record.get("team_a")),
        away_team=values.text(record.get("team_b")),
        winner=TAG.sub("", winner),
        tagged=bool(TAG.search(winner)),
        home_score=home,
        away_score=away,
        status=values.text(record.get("status"), 24).casefold() or "completed",
        completed_at=values.instant(record.get("completed_at")),
        evidence={key: values.clean(record.get(key)) for key in EVIDENCE},
    )


def _in_play(record: dict[str, Any]) -> bool:
    return record.get("in_play") is True or values.text(record.get("status")).casefold() in IN_PLAY


def _kickoff(record: dict[str, Any]) -> Any:
    for path in KICKOFF_PATHS:
        holder: Any = record
        for step in path:
            holder = values.mapping(holder).get(step)
        if at := values.instant(holder):
            return at
    return None


def _league(competition: Any) -> str:
    competition = values.mapping(competition)
    slug = values.text(competition.get("slug"))
    return values.text(competition.get("name")) or re.sub(r"[-_]+", " ", slug).title()


def _market(market: Any, book: str, fixture: FixtureReading) -> MarketReading | None:
    market = values.mapping(market)
    market_id, name = values.text(market.get("market_id"), 80), values.text(market.get("market_name"))
    if not market_id or not WHO_WINS.fullmatch(name):
        return None
    selections = _selections(values.listing(market.get("selections")), fixture, _ladder_prices)
    is_open = values.text(market.get("status")).casefold() not in CLOSED
    return MarketReading(book, market_id, name, "match_odds", selections, is_open=is_open)


Prices = tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]


def _selections(records: Iterable[Any], fixture: FixtureReading, prices: Any) -> tuple[SelectionReading, ...]:
    found: dict[str, SelectionReading] = {}
    for record in records:
        record = values.mapping(record)
        name = values.text(record.get("name"))
        if name:
            side = side_of(name, home=fixture.home_team, away=fixture.away_team)
            found[name] = SelectionReading(name, side, *prices(record))
    return tuple(found.values())


def _flat_prices(record: dict[str, Any]) -> Prices:
    back, lay = values.odds(record.get("back_odds")), values.odds(record.get("lay_odds"))
    return (
        back,
        values.size(record.get("back_size")) if back else None,
        lay,
        values.size(record.get("lay_size")) if lay else None,
    )


def _ladder_prices(record: dict[str, Any]) -> Prices:
    return (*_best(record.get("back"), highest=True), *_best(record.get("lay"), highest=False))


def _best(ladder: Any, *, highest: bool) -> tuple[Decimal | None, Decimal | None]:
    """The best readable level: the highest back or the lowest lay, with the size that stands behind it."""
    levels = [
        (price, values.size(level.get("size")))
        for level in map(values.mapping, values.listing(ladder))
        if (price := values.odds(level.get("odds"))) is not None
    ]
    if not levels:
        return None, None
    return (max if highest else min)(levels, key=lambda level: level[0])
