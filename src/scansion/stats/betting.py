"""Betting against a mean: the capital of one who bets that values lie above a stated mean, and wins only if they do.

Before each value a part theta of the capital is staked on it at fair odds under the stated mean m, so that it is
multiplied by (1 - theta) + theta z / m for a value z >= 0. If m is the true mean (or above it) the capital is a
non-negative supermartingale from 1, and by Ville's inequality it ever reaches c with probability 1 / c at most: a test
that may be looked at after every value. The capital here is a mixture over twelve fixed parts theta from 0.01 to 0.95,
weighted by theta, which grows as fast as the best of them, less a little.

Without replacement from `total` values, m in the odds is the mean that the values not yet drawn would have.

Sources: I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 86:1, 2024 (arXiv
2010.09686): the capital process, with replacement and without; F. Orabona, K.-S. Jun, "Tight concentrations and
confidence sequences from the regret of universal portfolio", IEEE Trans Inf Theory 70:436, 2024 (arXiv 2110.14099): a
mixture over constant bets in place of a rule that chooses each.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["BETS", "CERTAIN", "LOG_WEIGHTS", "Draws", "growth", "log_capital", "mixed", "slopes", "tangent"]

Floats = NDArray[np.float64]

BETS: Floats = np.exp(np.linspace(np.log(0.01), np.log(0.95), 12))
"""The parts of the capital that are staked."""

CERTAIN = 1e6
"""ln of the capital's growth where the stated mean has become impossible."""

LOG_WEIGHTS: Floats = np.log(BETS / BETS.sum())
"""ln of the part of the stake that each bet gets."""

_KEPT: Floats = 1.0 - BETS[:, None]
_ALMOST_ZERO = 1e-12
_MOST_ODDS = 1e8  # greater odds count as these, which understates the capital
_JOINED = 32  # factors, from 0.05 to these odds, that are multiplied before a logarithm is taken


class Draws(Struct, frozen=True):
    """Values `z` >= 0 in the order drawn, the sum of those `before` each, and how many were `left` with it.

    Arrays that broadcast together, values along the last axis. `total` is the number in all; with replacement it is
    infinite, and `left` too.
    """

    z: Floats
    before: Floats
    left: Floats
    total: float

    def odds(self, mean: Floats) -> tuple[Floats, Floats]:
        """Each value over the mean of what was left before it, if the mean of all is `mean` > 0; and the slope of the
        logarithm of that mean in ln `mean`."""
        if np.isinf(self.total):
            return np.minimum(self.z / mean, _MOST_ODDS), np.ones_like(mean)
        rest = self.total * mean - self.before
        possible = rest > _ALMOST_ZERO
        # where nothing is left, only zeros can come; anything else shows the stated mean to be impossible
        instead = np.where((rest < -_ALMOST_ZERO) | (self.z > _ALMOST_ZERO), np.inf, 1.0)
        below = np.where(possible, rest, 1.0)
        ratio = np.where(possible, np.minimum(self.z * self.left / below, _MOST_ODDS), instead)
        return ratio, np.where(possible, self.total * mean / below, 0.0)


def growth(ratio: Floats, every: int = 1) -> tuple[Floats, Floats]:
    """What ln capital grows by in each run of `every` draws [..., bets, draws / every], and the factors themselves.

    `ratio` are the odds [..., draws]; the factors [..., bets, draws] are what capital is multiplied by at each draw. ln
    capital falls and is convex in ln mean, with replacement and without.
    """
    factor = BETS[:, None] * ratio[..., None, :]
    factor += _KEPT
    joined = math.gcd(every, _JOINED)
    log: Floats = np.log(_runs(factor, joined, np.multiply))
    return _runs(np.minimum(log, CERTAIN, out=log), every // joined, np.add), factor


def slopes(factor: Floats, steep: Floats, every: int = 1) -> Floats:
    """The slope in ln mean of the growth in each run of `every` draws, from its factors and the slopes of `odds`."""
    each = _KEPT / factor
    each -= 1.0
    each *= steep[..., None, :]
    return _runs(each, every, np.add)


def _runs(values: Floats, every: int, join: np.ufunc) -> Floats:
    """Runs of `every` values along the last axis joined to one: by halves, which is faster than a reduction."""
    while every > 1 and every % 2 == 0:
        values, every = join(values[..., ::2], values[..., 1::2]), every // 2
    if every == 1:
        return values
    return np.asarray(join.reduce(values.reshape(*values.shape[:-1], -1, every), axis=-1))


def mixed(log: Floats) -> Floats:
    """ln of the mixture's capital from that of each bet: [..., bets, draws] to [..., draws]."""
    weighted = log + LOG_WEIGHTS[:, None]
    top = weighted.max(axis=-2, keepdims=True)
    weighted -= top
    return np.asarray(top.squeeze(-2) + np.log(np.exp(weighted, out=weighted).sum(axis=-2)))


def tangent(log: Floats, slope: Floats) -> tuple[Floats, Floats]:
    """`mixed`, and the slope of ln capital in ln mean from that of each bet."""
    capital = mixed(log)
    shares = np.exp(log + LOG_WEIGHTS[:, None] - np.expand_dims(capital, -2))
    return capital, np.asarray((shares * slope).sum(axis=-2))


def log_capital(
    values: Any, mean: float = 0.0, *, low: float = -1.0, high: float = 1.0, total: int | None = None
) -> tuple[Floats, Floats]:
    """ln of the capital after each of `values`: staked on values above `mean`, and staked on values below it.

    `values` are an array [..., draws] within `low` .. `high`, each row a sequence of its own; `total` is how many there
    are in all where they are drawn without replacement. "The mean is `mean`" is rejected at level alpha, valid however
    often it is looked at, once the greater of the two has reached ln(2 / alpha).
    """
    x = np.asarray(values, dtype=np.float64)
    if not low < mean < high:
        raise ValueError(f"a mean to bet against lies between {low:g} and {high:g}, not at {mean:g}")
    if total is not None and x.shape[-1] > total:
        raise ValueError(f"{x.shape[-1]} values of {total}")
    above, below = (_capital(z, np.asarray(m), total) for z, m in ((x - low, mean - low), (high - x, high - mean)))
    return above, below


def _capital(z: Floats, mean: Floats, total: int | None) -> Floats:
    count = np.inf if total is None else float(total)
    before = np.cumsum(z, axis=-1) - z
    left = count - np.arange(z.shape[-1], dtype=np.float64)
    ratio, _ = Draws(z, before, left, count).odds(mean)
    log = np.cumsum(growth(ratio)[0], axis=-1)
    return mixed(log)
