"""Pinnacle's lines through The Odds API v4: what it says, and how it is asked."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from django.conf import settings

from apps.feed import values
from apps.feed.http import Answer, Upstream, UpstreamFailed
from apps.feed.names import fold, sport_slug
from apps.feed.readings import MarketReading, Page, SelectionReading, Unreadable, read_all

SOURCE = "pinnacle"


@dataclass(frozen=True, slots=True)
class AnchorReading:
    """One event with Pinnacle's markets, sides as The Odds API names them."""

    external_id: str
    sport: str
    feed: str
    home_team: str
    away_team: str
    commence_at: datetime | None
    markets: tuple[MarketReading, ...]


@dataclass(frozen=True, slots=True)
class AnchorSport:
    """One list of The Odds API: `soccer_epl` of `soccer`."""

    key: str
    sport: str
    title: str


@cache
def odds_api() -> "OddsApi | None":
    """The client of this process; None where no key is set."""
    if not settings.ODDS_API_KEY:
        return None
    return OddsApi(Upstream("odds-api", settings.ODDS_API_URL, secret=settings.ODDS_API_KEY), settings.ODDS_API_KEY)


class OddsApi:
    """Every method raises UpstreamFailed when there is no usable answer."""

    def __init__(self, upstream: Upstream, key: str) -> None:
        self._upstream = upstream
        self._key = key

    def sports(self) -> Page[AnchorSport]:
        """Every list that is in season and has head-to-head lines."""
        return read_all(self._records("/v4/sports", {}), _read_sport, what="/v4/sports")

    def odds(self, sport: AnchorSport) -> Page[AnchorReading]:
        """Pinnacle's lines of one list: upcoming events and those in play."""
        path = f"/v4/sports/{quote(sport.key, safe='')}/odds"
        params = {"regions": "eu", "bookmakers": SOURCE, "markets": "h2h,spreads,totals", "oddsFormat": "decimal"}
        return read_all(self._records(path, params), lambda record: read_event(record, sport), what=path)

    def _records(self, path: str, params: dict[str, str]) -> list[Any]:
        answer: Answer = self._upstream.ask("GET", path, params={**params, "apiKey": self._key})
        if not isinstance(answer.body, list):
            raise UpstreamFailed(f"{path}: not a list")
        return answer.body


def _read_sport(record: Any) -> AnchorSport:
    record = values.mapping(record)
    key, group = values.text(record.get("key"), 80), values.text(record.get("group"), 80)
    if not key or not group:
        raise Unreadable("no key or group")
    return AnchorSport(key, sport_slug(group), values.text(record.get("title")))


def read_event(record: Any, sport: AnchorSport) -> AnchorReading:
    """One event of a list. Unreadable without an id or two names."""
    record = values.mapping(record)
    external_id = values.text(record.get("id"), 64)
    home, away = values.text(record.get("home_team")), values.text(record.get("away_team"))
    if not external_id or not home or not away or fold(home) == fold(away):
        raise Unreadable("no id, or not two names")
    books = [
        book for book in map(values.mapping, values.listing(record.get("bookmakers"))) if book.get("key") == SOURCE
    ]
    markets = [
        reading
        for book in books
        for market in values.listing(book.get("markets"))
        if (reading := _head_to_head(values.mapping(market), home, away)) is not None
    ]
    return AnchorReading(
        external_id, sport.sport, sport.key, home, away, values.instant(record.get("commence_time")), tuple(markets[:1])
    )


def _head_to_head(market: dict[str, Any], home: str, away: str) -> MarketReading | None:
    """The h2h market; spreads and totals are not priced against yet."""
    if market.get("key") != "h2h":
        return None
    sides = {home: "home", away: "away", "Draw": "draw"}
    selections = {}
    for outcome in map(values.mapping, values.listing(market.get("outcomes"))):
        side = sides.get(values.text(outcome.get("name")))
        if side:
            name = values.text(outcome.get("name"))
            selections[side] = SelectionReading(name, side, values.odds(outcome.get("price")))
    return MarketReading(SOURCE, "h2h", "Head to head", "match_odds", tuple(selections.values()))
