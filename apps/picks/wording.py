"""A bet in words, and back again. Pure."""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple


class Bet(NamedTuple):
    """What is backed: market match_odds, asian_handicap, totals or other; side; line of that side, if any."""

    market: str
    side: str
    line: Decimal | None


HALF = Decimal("0.5")
THOUSANDTH, CENT = Decimal("0.001"), Decimal("0.01")
_HANDICAP = re.compile(r"(?P<team>.+) (?P<line>[+-]?\d{1,3}(\.\d{1,2})?) Asian Handicap", re.ASCII)
_TOTAL = re.compile(r"(?P<side>Over|Under) (?P<line>\d{1,3}(\.\d{1,2})?) \w+", re.ASCII)
_WINNER = re.compile(r"(?P<team>.+) to win")


def bet_on(*, sport: str, side: str) -> Bet:
    """The bet that a price in the match odds is: in soccer a side to win is Asian handicap -0.5."""
    if sport == "soccer" and side in ("home", "away"):
        return Bet("asian_handicap", side, -HALF)
    return Bet("match_odds", side, None)


def words(bet: Bet, *, home: str, away: str) -> str:
    """`Arsenal -0.5 Asian Handicap`, `Draw`, `Over 2.5 Goals` or `Nadal to win`."""
    team = {"home": home, "away": away}.get(bet.side, "")
    if bet.market == "asian_handicap" and bet.line is not None:
        line = f"{bet.line.normalize():+f}" if bet.line else "0"
        return f"{team} {line} Asian Handicap"
    if bet.market == "totals" and bet.line is not None:
        return f"{bet.side.title()} {bet.line.normalize():f} Goals"
    return "Draw" if bet.side == "draw" else f"{team} to win"


def short_odds(odds: Decimal) -> str:
    """Odds as people write them, two decimals or three where the third is not nothing: 1.90, 1.873."""
    rounded = odds.quantize(THOUSANDTH, rounding=ROUND_HALF_EVEN)
    return f"{rounded:.3f}" if rounded % CENT else f"{rounded:.2f}"


def parse_words(text: str, *, home: str, away: str) -> Bet:
    """The bet behind its words, for picks from elsewhere; market `other` where they are not ours."""
    sides = {home.casefold(): "home", away.casefold(): "away"}
    if text.strip().casefold() == "draw":
        return Bet("match_odds", "draw", None)
    if match := _HANDICAP.fullmatch(text.strip()):
        line, side = Decimal(match["line"]), sides.get(match["team"].casefold())
        if side and line * 4 == int(line * 4):
            return Bet("asian_handicap", side, line)
    if match := _TOTAL.fullmatch(text.strip()):
        return Bet("totals", match["side"].lower(), Decimal(match["line"]))
    if (match := _WINNER.fullmatch(text.strip())) and (side := sides.get(match["team"].casefold())):
        return Bet("match_odds", side, None)
    return Bet("other", "other", None)
