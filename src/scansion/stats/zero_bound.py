"""Bounds for a rate of which few, or none, were seen (Clopper and Pearson, Biometrika 26:404, 1934)."""

from __future__ import annotations

import math

from scansion.stats.intervals import Interval
from scansion.stats.special import beta_ppf

__all__ = ["clopper_pearson", "upper_bound", "zero_bound"]


def zero_bound(n: float, level: float = 0.95) -> float:
    """The highest rate that zero of `n` leaves plausible, one-sided at `level`: 1 - (1 - level)^(1/n).

    About 3/n at 95% (the rule of three). For clustered rows give their effective number.
    """
    if n < 0 or not 0.0 < level < 1.0:
        raise ValueError("zero_bound takes n from 0 and a level between 0 and 1")
    return 1.0 if n == 0 else -math.expm1(math.log1p(-level) / n)


def upper_bound(successes: float, n: float, level: float = 0.95) -> float:
    """The one-sided upper bound of a rate of which `successes` of `n` were seen."""
    _check(successes, n, level)
    return 1.0 if successes == n else beta_ppf(level, successes + 1.0, n - successes)


def clopper_pearson(successes: float, n: float, level: float = 0.95) -> Interval:
    """The two-sided interval of a rate that covers it at least as often as `level` says, whatever it is."""
    _check(successes, n, level)
    tail = 0.5 * (1.0 - level)
    low = 0.0 if successes == 0 else beta_ppf(tail, successes, n - successes + 1.0)
    return Interval(low, upper_bound(successes, n, 1.0 - tail))


def _check(successes: float, n: float, level: float) -> None:
    if not 0 <= successes <= n or not 0.0 < level < 1.0:
        raise ValueError("a rate takes 0 <= successes <= n and a level between 0 and 1")
