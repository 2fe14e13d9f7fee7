"""A world in the words of The Odds API v4: the Pinnacle lines, under names of its own."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from apps.devtools.sandbox.world import Competition, Fixture, World, instant

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
    competition = next((c for c in world.competitions() if c.anchor_key == key), None)
    if competition is None:
        return None
    listed = (f for f in world.listed(now) if f.anchor and f.competition.anchor_key == key)
    return [_event(world, now, competition, fixture, markets, bookmakers) for fixture in listed]


def _event(
    world: World,
    now: datetime,
    competition: Competition,
    fixture: Fixture,
    markets: Collection[str],
    bookmakers: Collection[str],
) -> Json:
    row = fixture.anchor
    assert row is not None
    updated = instant(now.replace(microsecond=0))
    lines = [line for line in world.lines(fixture, now) if line.kind in markets] if "pinnacle" in bookmakers else []
    priced = [
        {"key": line.kind, "last_update": updated, "outcomes": [_outcome(*outcome) for outcome in line.outcomes]}
        for line in lines
    ]
    pinnacle = {"key": "pinnacle", "title": "Pinnacle", "last_update": updated, "markets": priced}
    return {
        "id": row.id,
        "sport_key": competition.anchor_key,
        "sport_title": competition.anchor_title,
        "commence_time": instant(fixture.starts_at),
        "home_team": row.home,
        "away_team": row.away,
        "bookmakers": [pinnacle] if priced else [],
    }


def _outcome(name: str, price: float, point: float | None) -> Json:
    return {"name": name, "price": price} if point is None else {"name": name, "price": price, "point": point}
