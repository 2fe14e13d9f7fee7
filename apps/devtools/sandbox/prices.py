"""Make odds out of probabilities: Betfair's price steps, a bookmaker's margin, drift."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# (up to these odds, step): Betfair's price increments, the same on every market.
STEPS = [(2, 0.01), (3, 0.02), (4, 0.05), (6, 0.1), (10, 0.2), (20, 0.5), (30, 1), (50, 2), (100, 5), (1000, 10)]
LOWEST, HIGHEST = 1.01, 1000.0


def _step(odds: float) -> float:
    return next((step for top, step in STEPS if odds < top), STEPS[-1][1])


def tick_down(odds: float) -> float:
    """The highest Betfair price not above `odds`, within 1.01 to 1000."""
    step = _step(odds)
    return round(min(max(math.floor(odds / step + 1e-9) * step, LOWEST), HIGHEST), 2)


def tick_up(odds: float) -> float:
    """The lowest Betfair price not below `odds`, within 1.01 to 1000."""
    step = _step(odds)
    return round(min(max(math.ceil(odds / step - 1e-9) * step, LOWEST), HIGHEST), 2)


def floor_cents(odds: float) -> float:
    """`odds` cut to two decimals, never below 1.01."""
    return max(math.floor(odds * 100 + 1e-9) / 100, LOWEST)


def with_margin(fair: Sequence[float], margin: float) -> list[float]:
    """Decimal odds whose implied probabilities sum to 1 + `margin`, spread as the power method takes it off again."""
    low, high = 0.5, 1.0  # the exponent: p ** exponent grows as it falls
    for _ in range(40):
        exponent = (low + high) / 2
        if sum(p**exponent for p in fair) > 1 + margin:
            low = exponent
        else:
            high = exponent
    return [max(round(p**-low, 2), LOWEST) for p in fair]


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def match_probabilities(gap: float, draw: float) -> tuple[float, ...]:
    """Home, away and, where `draw` is not 0, the draw: `gap` is the home side's strength in log-odds."""
    drawn = draw * math.exp(-((gap / 1.8) ** 2))
    home = (1 - drawn) * logistic(gap)
    return (home, 1 - drawn - home, drawn) if draw else (home, 1 - home)


@dataclass(frozen=True, slots=True)
class Motion:
    """How fair probabilities move before the start: a slow wave, one jump, in steps of `step` seconds."""

    strengths: tuple[float, ...]  # log-odds: one number is home against away, several are a field of runners
    draw: float
    wave: float
    period: float
    phase: float
    jump: float
    jump_after: float
    step: float

    def probabilities(self, seconds: float) -> tuple[float, ...]:
        """Fair probabilities `seconds` after the listing; they change only when a step is full."""
        held = math.floor(seconds / self.step) * self.step
        moved = self.wave * math.sin(2 * math.pi * held / self.period + self.phase)
        moved += self.jump if held >= self.jump_after else 0.0
        first = self.strengths[0] + moved
        if len(self.strengths) == 1:
            return match_probabilities(first, self.draw)
        weights = [math.exp(x) for x in (first, *self.strengths[1:])]
        return tuple(weight / sum(weights) for weight in weights)


def in_play_probabilities(closing: Sequence[float], winner: int | None, progress: float, sure: float) -> list[float]:
    """From the closing probabilities towards the winner: at `progress` 1, `sure` of the way; no winner, no move."""
    if winner is None:
        return list(closing)
    way = sure * progress**1.5
    return [(1 - way) * p + (way if i == winner else 0.0) for i, p in enumerate(closing)]
