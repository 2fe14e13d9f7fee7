"""Invented clubs, players, horses and dogs: the competitions of the invented world. No name here is a real one's."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from apps.devtools.sandbox.world import Competition

Scores = tuple[tuple[int, int], ...]

_TOWNS = """
Ashmere, Brackwell, Caldermouth, Dunhollow, Eastmarch, Fenwick-Hale, Garrowby, Hexcombe, Inverlaw, Kelmore,
Larkminster, Marlhaven, Norwick, Oxley-Vale, Penderby, Quarrington, Ravensby, Silverton-Moor, Thornmouth, Underwell,
Vexford, Westerlea, Yarrowdale, Aldenshaw, Brinmoor, Copplestow, Drayhurst, Elmsworth, Foxbridge, Gladmoor
"""
_CIUDADES = """
Almerón, Beltrana, Córvera, Delmira, Estrávia, Fontaña, Galdós-Mar, Hermosín, Izarra-Sur, Jarales, Lumbría, Monteró,
Navaluz, Olmedal, Peñarroca, Quintaré, Riomar, Sotoverde, Talavín, Ulmería, Valdoro, Xábara, Yéspera, Zafrán, Örlund,
Brämsted, Çinarlik, Dvořín, Łęgowo, Søndervik
"""
_SURNAMES = """
Abernev, Bostrand, Calloway-Reyes, Dravic, Eskelund, Farrante, Grislov, Hartwenn, Ilvessa, Jorvaldsen, Kestrova,
Lindqvale, Marchetto, Norvik, Ostrander, Pellarin, Quillard, Rosvane, Stavrin, Tremonta, Ulbrandt, Vestrin, Wolmark,
Xandrou, Yelland, Zaborsky, Ambrel, Brancusz, Corvani, Delacray, Ferrum, Gantrel, Hollinz, Istvane, Jastremb, Kollwen
"""
_HORSES = """
Marsh Lantern, Copper Tide, Quiet Almanac, Salt Meadow, Brass Heron, Winter Ledger, Paper Lighthouse, Ninth Orchard,
Velvet Anvil, Distant Kettle, Amber Quarry, Slow Comet, Tin Cathedral, Hollow Reed, Second Harvest, Blue Tarpaulin,
Idle Compass, Border Violin, Chalk Rider, Long Division, Pewter Moon, Harbour Riddle, Early Thistle, Wool and Iron
"""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _mixed(names: Iterable[str]) -> tuple[str, ...]:
    """In an order that shows no alphabet, the same in every process."""
    return tuple(sorted(names, key=lambda name: hashlib.md5(name.encode(), usedforsecurity=False).digest()))


def _clubs(towns: str, *suffixes: str) -> tuple[str, ...]:
    return _mixed(f"{town} {suffix}" for town, suffix in product(_listed(towns), suffixes))


def _players() -> tuple[str, ...]:
    return _mixed(f"{initial}. {surname}" for initial, surname in product("ABCDEFGHIJKLMNOP", _listed(_SURNAMES)))


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented competition: how often it is drawn, who plays in it, and the scores its matches end with."""

    weight: int
    competition: Competition
    names: tuple[str, ...]
    draw: float = 0.0  # chance of a draw between equals
    won: Scores = ()  # winner's score first; empty: no score frame
    drawn: Scores = ()
    runners: int = 2


def _competition(number: int, sport: str, name: str, key: str | None = None, *, named: bool = True) -> Competition:
    return Competition(
        id=12_018_800 + number,
        slug=name.lower().replace(" ", "-"),
        sport=sport,
        name=name if named else None,
        anchor_key=key,
        anchor_group="Soccer" if sport == "Football" else sport,
        anchor_title=name,
    )


_GOALS: Scores = ((1, 0), (2, 0), (2, 1), (3, 1), (1, 0), (2, 1), (3, 0), (3, 2), (4, 1))
_LEVEL: Scores = ((0, 0), (1, 1), (1, 1), (2, 2))
_HOOPS: Scores = ((88, 81), (94, 90), (79, 66), (101, 97), (85, 84), (92, 76))
_PUCKS: Scores = ((3, 2), (4, 2), (2, 1), (5, 3), (4, 1), (3, 0))

COMPETITIONS = (
    Invented(
        24,
        _competition(1, "Football", "Sandbox Premier League", "soccer_sandbox_premier_league"),
        _clubs(_TOWNS, "United", "City", "Rovers", "Athletic", "Town", "FC"),
        0.28,
        _GOALS,
        _LEVEL,
    ),
    Invented(
        16,
        _competition(2, "Football", "Sandbox Liga", "soccer_sandbox_liga"),
        _clubs(_CIUDADES, "CF", "Estrella", "Real", "Deportivo", "1904"),
        0.27,
        _GOALS,
        _LEVEL,
    ),
    Invented(
        14,
        _competition(3, "Tennis", "Sandbox Open", "tennis_sandbox_open"),
        _players(),
        won=((2, 0), (2, 1)),
    ),
    Invented(
        11,
        _competition(4, "Basketball", "Sandbox Basketball League", "basketball_sandbox_league"),
        _clubs(_TOWNS, "Comets", "Herons", "Foundry", "Mariners"),
        won=_HOOPS,
    ),
    Invented(
        8,
        _competition(5, "Ice Hockey", "Sandbox Ice Hockey League", "icehockey_sandbox_league"),
        _clubs(_CIUDADES, "Glaciers", "Lynx", "Pilots", "Miners"),
        won=_PUCKS,
    ),
    Invented(
        7,
        _competition(6, "Cricket", "Sandbox T20 Trophy", "cricket_sandbox_t20"),
        _clubs(_TOWNS, "Chargers", "Kingfishers", "Lancers"),
        won=((171, 158), (144, 139), (190, 162), (155, 131)),
    ),
    Invented(
        5,
        _competition(7, "Handball", "Sandbox Handball Liga", "handball_sandbox_liga"),
        _clubs(_CIUDADES, "HC", "Handbal", "TV"),
        0.09,
        ((28, 25), (31, 27), (26, 24), (33, 30)),
        ((27, 27), (29, 29)),
    ),
    Invented(
        5,
        _competition(8, "Table Tennis", "Sandbox Table Tennis Cup", named=False),
        _players(),
    ),
    Invented(
        4,
        _competition(9, "Volleyball", "Sandbox Volleyball Series", named=False),
        _clubs(_TOWNS, "Spikers", "Volley", "VC"),
        won=((3, 0), (3, 1), (3, 2)),
    ),
    Invented(3, _competition(10, "Horse Racing", "Sandbox Park Races"), _listed(_HORSES), runners=7),
    Invented(3, _competition(11, "Greyhound", "Sandbox Dog Track"), _listed(_HORSES), runners=6),
)
