"""Was the bet won? Grades of handicaps, totals and match odds, and the profit of each. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from apps.feed.names import CALLED_OFF

HALF = Decimal(2)


def grade_handicap(line: Decimal, margin: int) -> str:
    """Grade an Asian handicap.

    line: the backed side's handicap in goals, a multiple of 0.25. margin: the backed side's goals less the other's.
    Returns win, half_win, push, half_loss or loss. ValueError for a line between the quarters.
    A quarter line is half the stake on each neighbour, so in quarters v = 4 margin + 4 line decides alone.
    """
    return _grade_quarters(4 * margin + 4 * line)


def grade_total(side: str, line: Decimal, points: int) -> str:
    """Grade over or under a total: `points` scored by both sides, `line` a multiple of 0.25. Results as above."""
    over = 4 * points - 4 * line
    return _grade_quarters(over if side == "over" else -over)


def _grade_quarters(quarters: Decimal) -> str:
    if quarters != int(quarters):
        raise ValueError("A line must be a multiple of 0.25.")
    if quarters >= 2:
        return "win"
    if quarters <= -2:
        return "loss"
    return {1: "half_win", 0: "push", -1: "half_loss"}[int(quarters)]


def grade_winner(side: str, line: Decimal | None, winner: str) -> str:
    """Grade a bet from the winning side alone, for match odds (line None) and handicaps of +-0.5.

    side: home, draw or away, the side backed. winner: home, draw or away.
    Returns win or loss. ValueError for any other line: the winner does not decide it.
    """
    if line is None or line == Decimal("-0.5"):
        return "win" if side == winner else "loss"
    if line == Decimal("0.5"):
        return "win" if winner in (side, "draw") else "loss"
    raise ValueError(f"A handicap of {line} needs the score, not only the winner.")


def profit(result: str, odds: Decimal) -> Decimal:
    """Profit of one unit staked at decimal odds: win o - 1, half_win (o - 1) / 2, push and void 0, and so on.

    Exact to four decimals for odds of three. KeyError for an unknown result.
    """
    return {
        "win": odds - 1,
        "half_win": (odds - 1) / HALF,
        "push": Decimal(0),
        "void": Decimal(0),
        "half_loss": Decimal("-0.5"),
        "loss": Decimal(-1),
    }[result]


@dataclass(frozen=True, slots=True)
class Ending:
    """How upstream says a fixture ended.

    winner: home, draw, away, or empty where the name it gives (`named`) is neither side nor the draw.
    tagged: upstream only guessed. Scores: None where not given. hours_late: from the promised start to the real one,
    or to now.
    """

    sport: str
    status: str
    winner: str
    named: str
    tagged: bool
    home_score: int | None
    away_score: int | None
    hours_late: float = 0.0


@dataclass(frozen=True, slots=True)
class Graded:
    """A result and the rule that gave it."""

    result: str
    rule: str


@dataclass(frozen=True, slots=True)
class Held:
    """Not for a machine to decide; `reason` tells the person who will."""

    reason: str


COMPLETED = frozenset({"completed", "complete", "finished", "ft", "ended", "closed", "settled"})
POSTPONED_HOURS = 72  # soccer: a match put off for longer is another match


def decide(*, market: str, side: str, line: Decimal | None, ending: Ending) -> Graded | Held:
    """Grade a bet from how its fixture ended, or hold it for a person. We never infer a winner from prices.

    market: match_odds, asian_handicap, totals or other. side and line: of the bet, line of the side backed.
    """
    if ending.status in CALLED_OFF:
        return Graded("void", ending.status)
    if ending.sport == "soccer" and ending.hours_late > POSTPONED_HOURS:
        return Graded("void", "postponed")
    if ending.status not in COMPLETED:
        return Held(f"The feed says {ending.status!r}: decide whether the bet stands.")
    if ending.tagged:
        return Held(f"The feed only guesses the winner: {ending.named} (favourite).")
    if not ending.winner:
        return Held(
            f"The feed's winner is neither side: {ending.named}." if ending.named else "The feed has no winner."
        )
    margin = _margin(ending)
    if margin is not None and ending.winner != _leader(margin):
        return Held(f"The score {ending.home_score}-{ending.away_score} contradicts the winner {ending.named}.")
    return _grade(market, side, line, ending)


def _grade(market: str, side: str, line: Decimal | None, ending: Ending) -> Graded | Held:
    margin = _margin(ending)
    if market == "match_odds" and side in ("home", "draw", "away"):
        return Graded(grade_winner(side, None, ending.winner), "winner")
    if market == "asian_handicap" and line is not None:
        if margin is not None:
            return Graded(grade_handicap(line, margin if side == "home" else -margin), "score")
        if abs(line) == Decimal("0.5"):
            return Graded(grade_winner(side, line, ending.winner), "winner")
        return Held(f"A handicap of {line} needs the score, and the feed has none.")
    if market == "totals" and line is not None and ending.home_score is not None and ending.away_score is not None:
        return Graded(grade_total(side, line, ending.home_score + ending.away_score), "score")
    return Held("The feed's result does not decide this bet.")


def _margin(ending: Ending) -> int | None:
    if ending.home_score is None or ending.away_score is None:
        return None
    return ending.home_score - ending.away_score


def _leader(margin: int) -> str:
    return "home" if margin > 0 else "away" if margin < 0 else "draw"
