"""What would decide it: how many pairs a verdict needs, and the smallest difference and margin that pairs can show.

The inverses of `stats.power`: R. V. Lenth, "Some practical guidelines for effective sample size determination",
Am Stat 55:187, 2001, on asking for the smallest difference rather than for the power at the one that was seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scansion.stats.newcombe import Table
from scansion.stats.power import Aim, Expected, Graded, power, shifted
from scansion.stats.sign_flip import sign_flip
from scansion.stats.special import normal_ppf

__all__ = [
    "careful",
    "pairs_for",
    "pairs_needed",
    "sd_of_flips",
    "smallest_difference",
    "smallest_margin",
    "units_to_reject",
]

_FARTHEST = 100
"""Beyond this many times the pairs seen, the estimate rests on a difference below 0.3 standard errors: noise."""

_MOST = 10**8
"""Pairs beyond which none are asked for."""

_MOST_UNITS = 64
"""Units all one way whose p-value is below any level that a number tells from 1."""

_NEAR = 0.005
"""How near, as a share of it, the smallest difference or margin is found."""


def sd_of_flips(flips: tuple[int, int], n: int) -> float:
    """The standard deviation of 0/1 paired differences, from the counts of pairs that flipped either way, of `n`.

    Half a pair is added to each count (as Agresti and Min, Stat Med 24:729, 2005), so that it is not 0 where no
    pair happened to flip.
    """
    down, up = flips[0] + 0.5, flips[1] + 0.5
    total = n + 1.0
    return math.sqrt((down + up) / total - ((up - down) / total) ** 2)


def pairs_needed(gap: float, sd: float, n: int, *, level: float = 0.95, power: float = 0.8) -> int | None:
    """About how many pairs in all decide with probability `power` a difference that lies `gap` from what is to be
    excluded: 0, or the margin.

    `sd` is the standard deviation of the paired differences (for 0/1 `sd_of_flips`), clusters counted in, and `n` the
    pairs seen. None where no amount is sensible: no gap, or so small against its error that more than 100 times the
    pairs seen would be needed. Never less than `n`. Normal approximation: N = ((z(level) + z(power)) sd / gap)^2,
    within a tenth of `pairs_for` (a twentieth from 10 flips on), which takes a hundred times as long.
    """
    if n <= 0 or sd < 0.0 or not (0.0 < level < 1.0 and 0.5 <= power < 1.0):
        raise ValueError("pairs_needed takes n above 0, sd from 0, level in (0, 1), power in [0.5, 1)")
    if gap <= 1e-12:
        return None
    reach = (normal_ppf(0.5 * (1.0 + level)) + normal_ppf(power)) * sd / gap
    needed = reach * reach
    return None if needed > _FARTHEST * n else max(n, math.ceil(needed))


def pairs_for(expected: Expected, aim: Aim, effect: float = 1.0) -> int | None:
    """The fewest pairs with which `power` reaches that of `aim`; None where no number of them would.

    Near the target the power of a test on counts rises and falls a little from one n to the next; a crossing is given,
    found to within 0.2% of n. `effect` is the design effect.
    """
    guess = _by_formula(expected, aim)
    if guess is None:
        return None
    low, high = _around(guess, lambda n: power(expected, n, aim) >= aim.power)
    while high - low > max(1, high // 500):
        middle = (low + high) // 2
        low, high = (middle, high) if power(expected, middle, aim) < aim.power else (low, middle)
    return math.ceil(high * effect - 1e-9)


def _around(guess: int, enough: Callable[[int], bool]) -> tuple[int, int]:
    """Two numbers near `guess`, of which the first is not enough and the second is; each step is twice the last."""
    low = high = guess
    step = max(1, guess // 32)
    if enough(guess):
        while low > 0 and enough(low):
            low, high, step = max(0, low - step), low, 2 * step
        return low, high
    while not enough(high):
        low, high, step = high, high + step, 2 * step
    return low, high


def _by_formula(expected: Expected, aim: Aim) -> int | None:
    """The pairs by the normal formula, to start from; None where there is nothing to be shown, or too little."""
    spread = expected.sd if isinstance(expected, Graded) else math.sqrt(expected.variance)
    null, gap, beyond = spread, abs(expected.difference), aim.power
    if aim.claim != "different":
        gap = aim.wide + expected.difference
    elif isinstance(expected, Table):
        null = math.sqrt(expected.only_a + expected.only_b)
    if aim.claim == "equivalent":
        gap, beyond = aim.wide - abs(expected.difference), 0.5 * (1.0 + aim.power)
    if gap <= 1e-9:
        return None
    root = (aim.z * null + normal_ppf(beyond) * spread) / gap
    return None if root * root > _MOST else max(2, math.ceil(root * root))


def smallest_difference(
    expected: Expected, n: float, aim: Aim, effect: float = 1.0, *, worse: bool = False
) -> float | None:
    """The size of the smallest true difference for which `n` pairs reach the power of `aim`: b better, or `worse`.

    All else is as expected (see `shifted`). None where even the largest possible difference is not enough.
    """
    sign = -1.0 if worse else 1.0
    widest = _widest(expected, n, aim, sign)
    return _smallest(lambda size: power(shifted(expected, sign * size), n, aim, effect) >= aim.power, widest)


def smallest_margin(expected: Expected, n: float, aim: Aim, effect: float = 1.0) -> float | None:
    """The smallest margin within which `n` pairs reach the power of `aim`, for a claim of not worse or equivalent.

    None where no margin below the scale's width is enough.
    """

    def reached(size: float) -> bool:
        return power(expected, n, Aim(aim.claim, aim.level, size, aim.power), effect) >= aim.power

    return _smallest(reached, _widest(expected, n, aim, 1.0) if isinstance(expected, Graded) else 1.0)


def careful(expected: Expected, n: float, level: float = 0.8) -> Expected:
    """What a pilot of `n` independent pairs showed, with its spread at the one-sided upper bound of `level`.

    A pilot's spread is itself uncertain, and half of all plans made from it would fall short (R. H. Browne, "On the use
    of a pilot sample for sample size determination", Stat Med 14:1933, 1995). Of 0/1 scores the share of pairs that
    flip is at its upper bound (Wilson's), else the standard deviation (the chi-square quantile by Wilson and Hilferty).
    """
    z = normal_ppf(level)
    if isinstance(expected, Graded):
        df = max(1.0, n - 1.0)
        quantile = df * max(0.05, 1.0 - 2.0 / (9.0 * df) - z * math.sqrt(2.0 / (9.0 * df))) ** 3
        return Graded(expected.difference, expected.sd * math.sqrt(df / quantile))
    flips = expected.only_a + expected.only_b
    middle = (n * flips + 0.5 * z * z) / (n + z * z)
    upper = middle + z * math.sqrt(n * flips * (1.0 - flips) + 0.25 * z * z) / (n + z * z)
    more = min(0.5 * max(0.0, upper - flips), expected.both, expected.neither)
    return Table(expected.both - more, expected.only_a + more, expected.only_b + more, expected.neither - more)


def units_to_reject(level: float, *, mid: bool = False) -> int:
    """The fewest independent units with which `sign_flip` can reject at `level`: where all lie one way.

    Its p-value is then 2^(1 - units), or with `mid` half of that.
    """
    if not 0.0 < level < 1.0:
        raise ValueError("a level lies between 0 and 1")
    units = 1
    while sign_flip(np.ones(units), mid=mid)[0] > 1.0 - level and units < _MOST_UNITS:
        units += 1
    return units


def _widest(expected: Expected, n: float, aim: Aim, sign: float) -> float:
    """The largest difference on one side that there can be; of scores without a scale, one that is surely enough."""
    if isinstance(expected, Table):
        a = expected.both + expected.only_a
        return 1.0 - a if sign > 0.0 else a
    pairs = max(2.0, n)
    return (aim.z + abs(normal_ppf(aim.power)) + 50.0 / pairs) * 2.0 * expected.sd / math.sqrt(pairs)


def _smallest(holds: Callable[[float], bool], widest: float) -> float | None:
    """The least value up to `widest` from which on `holds`, by halving."""
    if not holds(widest):
        return None
    low, high = 0.0, widest
    while high - low > _NEAR * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
