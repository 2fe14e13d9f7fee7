"""Take a book's margin out of its odds. Knows no framework and no database."""

from collections.abc import Sequence
from math import isfinite

from scipy.optimize import brentq

LEAST = 1e-4  # fair odds of 10,000, ten times the highest price that anybody offers: a corrupt line, not a price


class NoFairPrice(ValueError):
    """These odds cannot be turned into probabilities; str() says why."""


def power(odds: Sequence[float]) -> list[float]:
    """Fair probabilities p_i = q_i^k with q_i = 1 / odds_i and k such that they sum to 1.

    odds: decimal odds of every outcome of one market, shape (n,), n >= 2, each above 1.
    Returns shape (n,), each in [1e-4, 1), sum 1 to 1e-12. NoFairPrice for odds that are not such a market.
    Source: Clarke, Kovalchik, Ingram, "Adjusting bookmaker's odds to allow for overround" (2017).
    """
    inverse = _inverse(odds)
    if abs(sum(inverse) - 1) < 1e-15:
        return inverse
    # k = 0 gives n >= 2, and the sum falls to 0 as k grows: one root, bracketed by doubling.
    high = 1.0
    while sum(q**high for q in inverse) > 1:
        high *= 2
    k = brentq(lambda k: sum(q**k for q in inverse) - 1, 0.0, high, xtol=1e-15, rtol=1e-14, maxiter=200)
    return _summing_to_one([q**k for q in inverse])


def _inverse(odds: Sequence[float]) -> list[float]:
    if len(odds) < 2:
        raise NoFairPrice("A market needs at least two outcomes.")
    if not all(isfinite(price) and price > 1 for price in odds):
        raise NoFairPrice(f"Every price must be above 1, not {list(odds)}.")
    return [1 / price for price in odds]


def _summing_to_one(probabilities: list[float]) -> list[float]:
    if min(probabilities) < LEAST:
        raise NoFairPrice("The odds are so far apart that an outcome is left without any probability.")
    if abs(sum(probabilities) - 1) > 1e-9:
        raise NoFairPrice(f"The probabilities sum to {sum(probabilities)}, not 1.")
    return probabilities


# By the name that is stored with a pick and set in BETEDGE_MARGIN_METHOD.
METHODS = {"power": power}


def fair_probabilities(odds: Sequence[float], method: str = "power") -> list[float]:
    """Fair probabilities of every outcome, by a named method; see METHODS. NoFairPrice where there are none."""
    if method not in METHODS:
        raise NoFairPrice(f"Unknown margin method {method!r}; known are {', '.join(METHODS)}.")
    return METHODS[method](odds)
