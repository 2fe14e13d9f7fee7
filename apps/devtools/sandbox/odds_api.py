"""A world in the words of The Odds API v4: the Pinnacle lines, under names of its own."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from apps.devtools.sandbox.world import AnchorRow, Fixture, World, instant

Json = dict[str, Any]


def sports(world: World) -> list[Json]:
    return [
        {
            "key": competition.anchor_key,
            "group": competition.anchor_group,
            "title": competition.anchor_title,
            "description": competition.name,
            "active": True,
            "has_outrights": False,
        }
        for competition in world.competitions()
        if competition.anchor_key
    ]


def odds(
    world: World, now: datetime, key: str, markets: Collection[str], bookmakers: Collection[str]
) -> list[Json] | None:
    """Fixtures to come and in play of one list, with the markets asked for; None: there is no such list."""
    if key not in {competition.anchor_key for competition in world.competitions()}:
        return None
    listed = (fixture for fixture in world.listed(now) if fixture.competition.anchor_key == key)
    return [
        _event(fixture, fixture.anchor, _markets(world, now, fixture, markets) if "pinnacle" in bookmakers else [], now)
        for fixture in listed
        if fixture.anchor
    ]


def _markets(world: World, now: datetime, fixture: Fixture, wanted: Collection[str]) -> list[Json]:
    return [
        {
            "key": line.kind,
            "last_update": _updated(now),
            "outcomes": [_outcome(*outcome) for outcome in line.outcomes],
        }
        for line in world.lines(fixture, now)
        if line.kind in wanted
    ]


def _event(fixture: Fixture, row: AnchorRow, markets: list[Json], now: datetime) -> Json:
    pinnacle = {"key": "pinnacle", "title": "Pinnacle", "last_update": _updated(now), "markets": markets}
    return {
        "id": row.id,
        "sport_key": fixture.competition.anchor_key,
        "sport_title": fixture.competition.anchor_title,
        "commence_time": instant(fixture.starts_at),
        "home_team": row.home,
        "away_team": row.away,
        "bookmakers": [pinnacle] if markets else [],
    }


def _updated(now: datetime) -> str:
    return instant(now.replace(microsecond=0))


def _outcome(name: str, price: float, point: float | None) -> Json:
    return {"name": name, "price": price} if point is None else {"name": name, "price": price, "point": point}
