"""A world in Porqpine's words: every answer of its reference, built from what is true at one instant."""

import resource
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from apps.devtools.sandbox.world import RACING, Fixture, Level, Market, Runner, World, instant

Json = dict[str, Any]

IDS_A_CALL = 50
LIVE_BEFORE = timedelta(minutes=10)  # the exchange is watched live this long before the start
RESULTS_A_PAGE = 50


def sports(world: World, now: datetime) -> Json:
    by_sport: dict[str, list[Fixture]] = defaultdict(list)
    for fixture in _catalogue(world, now):
        by_sport[fixture.sport].append(fixture)
    data = [
        {"name": sport, "count": len(found), "events": [{"id": f.internal_id, "name": f.name} for f in found[:3]]}
        for sport, found in sorted(by_sport.items(), key=lambda item: -len(item[1]))
    ]
    return {"success": True, "data": data}


def events(world: World, now: datetime, sport: str | None = None) -> Json:
    """The whole catalogue, or one sport's."""
    return _page([_event(f, now) for f in _catalogue(world, now) if _is(f, sport)])


def live_events(world: World, now: datetime) -> Json:
    return _page([_event(f, now) for f in _catalogue(world, now) if f.in_play(now)])


def search(world: World, now: datetime, words: str) -> Json:
    """Fixtures whose name or league holds `words`, whatever the case."""
    wanted = words.casefold()
    found = (f for f in _catalogue(world, now) if wanted in f"{f.name}\n{f.competition.name or ''}".casefold())
    return _page([_event(f, now) for f in found])


def socket_events(world: World, now: datetime, sport: str | None = None) -> Json:
    """Fixtures with an exchange market, in play or about to be; racing is listed here alone."""
    data = []
    for fixture in world.listed(now):
        if fixture.tournament or fixture.starts_at - now > LIVE_BEFORE or not _is(fixture, sport):
            continue
        exchange = world.markets(fixture, now).exchange
        if exchange:
            data.append(_socket_event(fixture, exchange, now))
    return _page(data)


def event(world: World, now: datetime, fixture: Fixture, asked: str) -> Json:
    return _detail(
        fixture,
        asked,
        event=_event(fixture, now),
        socket_odds=_frames(world, fixture, now),
        source="live",
    )


def event_odds(world: World, now: datetime, fixture: Fixture, asked: str) -> Json:
    """Every market of one fixture, in the aligned views of the reference."""
    markets = world.markets(fixture, now)
    match_odds = [_market(markets.exchange)] if markets.exchange else []
    return _detail(
        fixture,
        asked,
        market=_frames(world, fixture, now),
        match_odds=match_odds,
        fancy=[_market(market) for market in markets.fancy],
        bookmaker=[_market(markets.bookmaker)] if markets.bookmaker else [],
        _meta={"matchoddsFound": len(match_odds), "marketIds": [market["market_id"] for market in match_odds]},
        source="live",
    )


def unified_odds(world: World, now: datetime, asked: Sequence[str]) -> Json:
    """One bucket for each known id, under the id as it was asked. An equal bucket means that no price has moved."""
    buckets = {}
    for number in asked:
        fixture = find(world, now, number)
        if fixture is None or not fixture.listed(now):
            continue
        markets = world.markets(fixture, now)
        buckets[number] = {
            "internal_id": _text(fixture.internal_id),
            "bfi": str(fixture.bfi),
            "market": _frames(world, fixture, now),
            "fancy": [_market(market) for market in markets.fancy] or None,
            "bookmaker": [_market(markets.bookmaker)] if markets.bookmaker else None,
        }
    return {"success": True, "data": {"match_ids": list(asked), "market": buckets, "source": "live"}}


def results(world: World, now: datetime, sport: str | None, limit: int | None, since: datetime | None) -> Json:
    """Ended fixtures, newest first."""
    ended = (f for f in world.finished(now) if _is(f, sport) and (since is None or f.ends_at > since))
    data = [_result(world, fixture) for fixture in islice(ended, RESULTS_A_PAGE if limit is None else limit)]
    return {"success": True, "count": len(data), "totals": {"saved": len(data), "rest": 0}, "data": data}


def result(world: World, fixture: Fixture) -> Json:
    return {"success": True, "data": _result(world, fixture)}


def health(world: World, now: datetime, since: datetime) -> Json:
    listed = world.listed(now)
    live = sum(fixture.in_play(now) for fixture in listed)
    saved = sum(1 for _ in world.finished(now))
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)
    data = {
        "status": "ok",
        "version": "2.0.0",
        "uptime_s": int((now - since).total_seconds()),
        "memory": {"rss_mb": resident, "heapUsed_mb": resident},
        "cache": {"entries": len(listed)},
        "socket": {"connected": True, "rooms_subscribed": {"matchOdds": live, "fancy": live, "bookmaker": live}},
        "accounts": {"total": 4, "active": 4},
        "ws_clients": 0,
        "result_saver": {"total": saved, "snapshots": {"events_tracked": len(listed)}},
    }
    return {"success": True, "data": data}


def find(world: World, now: datetime, asked: str) -> Fixture | None:
    """The fixture with this internal id or bfi."""
    return world.find(int(asked), now) if asked.isascii() and asked.isdigit() and len(asked) < 16 else None


def _catalogue(world: World, now: datetime) -> Iterable[Fixture]:
    return (fixture for fixture in world.listed(now) if fixture.sport not in RACING)


def _is(fixture: Fixture, sport: str | None) -> bool:
    return sport is None or fixture.sport.casefold() == sport.casefold()


def _page(data: list[Json]) -> Json:
    return {"success": True, "count": len(data), "data": data}


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _detail(fixture: Fixture, asked: str, **views: Any) -> Json:
    ids = {"event_id": asked, "internal_id": _text(fixture.internal_id), "bfi": str(fixture.bfi)}
    return {"success": True, "data": {**ids, **views}}


def _event(fixture: Fixture, now: datetime) -> Json:
    """One record of /events. A kick-off is shown here, under `raw`, or nowhere."""
    record: Json = {
        "id": fixture.internal_id,
        "name": fixture.name,
        "team_a": fixture.home,
        "team_b": fixture.away,
        "sport": fixture.sport,
        "status": "LIVE" if fixture.in_play(now) else "UPCOMING",
        "in_play": fixture.in_play(now),
        "betfair_event_id": fixture.bfi,
        "competition": {"id": fixture.competition.id, "slug": fixture.competition.slug},
        "raw": {"betfair_event_id": fixture.bfi},
    }
    if fixture.competition.name:
        record["competition"]["name"] = fixture.competition.name
    if fixture.tournament:
        record["currently_live"] = 0
    elif fixture.kickoff_field == "start_time":
        record["start_time"] = instant(fixture.starts_at)
    elif fixture.kickoff_field == "openDate":
        record["raw"]["openDate"] = instant(fixture.starts_at)
    return record


def _socket_event(fixture: Fixture, exchange: Market, now: datetime) -> Json:
    return {
        "id": fixture.bfi,
        "bfi": fixture.bfi,
        "name": fixture.name,
        "sport": fixture.sport,
        "status": "In Play" if fixture.in_play(now) else "Upcoming",
        "in_play": fixture.in_play(now),
        "markets": [{"market_id": exchange.id, "type": exchange.type}],
        "selections": [_selection(exchange.id, runner) for runner in exchange.runners],
    }


def _selection(market_id: str, runner: Runner) -> Json:
    back = runner.back[0] if runner.back else None
    lay = runner.lay[0] if runner.lay else None
    return {
        "name": runner.name,
        "market_id": market_id,
        "back_odds": back.odds if back else None,
        "back_size": back.size if back else None,
        "lay_odds": lay.odds if lay else None,
        "lay_size": lay.size if lay else None,
    }


def _market(market: Market) -> Json:
    return {
        "market_id": market.id,
        "market_name": market.name,
        "selections": [{"name": r.name, "back": _levels(r.back), "lay": _levels(r.lay)} for r in market.runners],
    }


def _levels(levels: tuple[Level, ...]) -> list[Json]:
    return [{"level": i, "odds": level.odds, "size": level.size} for i, level in enumerate(levels, start=1)]


def _frames(world: World, fixture: Fixture, now: datetime) -> Json:
    """Raw frames by market and by event. They carry no instant: equal frames mean that nothing has changed."""
    exchange = world.markets(fixture, now).exchange
    if exchange is None:
        return {"byMarketId": {}, "byBfi": {}}
    frame = _frame(exchange, "In Play" if fixture.in_play(now) else "OPEN")
    return {
        "byMarketId": {exchange.id: frame},
        "byBfi": {str(fixture.bfi): {"bfi": str(fixture.bfi), "BF": frame["BF"]}},
    }


def _frame(market: Market, status: str) -> Json:
    ladders = [
        {"N": r.name, "B": [[x.odds, x.size] for x in r.back], "L": [[x.odds, x.size] for x in r.lay]}
        for r in market.runners
    ]
    return {"market_id": market.id, "status": status, "BF": {"SL": ladders}}


def _result(world: World, fixture: Fixture) -> Json:
    """The winner as inferred from the last prices, tagged where they left a doubt."""
    outcome = fixture.outcome
    exchange = world.markets(fixture, fixture.ends_at).exchange
    scores = None
    if outcome.scores:
        scores = {"home": outcome.scores[0], "away": outcome.scores[1], "status": outcome.status}
    record = {
        "internal_id": _text(fixture.internal_id),
        "bfi": str(fixture.bfi),
        "name": fixture.name,
        "sport": fixture.sport,
        "team_a": fixture.home,
        "team_b": fixture.away,
        "completed_at": instant(fixture.ends_at),
        "winner": f"{outcome.winner} (favourite)" if outcome.guessed else outcome.winner,
        "final_match_odds": {exchange.id: _frame(exchange, "CLOSED")} if exchange else {},
        "final_scores": scores,
    }
    return record if outcome.status == "FT" else {**record, "status": outcome.status}
