"""Intervals of a mean: Wilson's for 0/1 scores; Student's t, graded Wilson or bootstrap-t for others.

Clusters and weights are handled in all.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct

from scansion.stats.bootstrap import bootstrap_t
from scansion.stats.caution import few_skewed, of_clusters
from scansion.stats.effective import effective_rows
from scansion.stats.special import normal_ppf, t_ppf
from scansion.stats.units import Units, gather, is_binary, is_skewed, sample

__all__ = ["Interval", "Mean", "mean_interval", "wilson"]

_FEW_UNITS = 8
"""Below this a resample holds too few different values to be of use."""
_PRIOR_UNITS = 0.25
"""How many made-up units stand at either end of the scale; see `_graded_wilson`."""


class Interval(Struct, frozen=True):
    """Lower and upper limit."""

    lo: float
    hi: float


class Mean(Struct, frozen=True):
    """A mean with its interval (None: the data give none), the `n` rows behind it and the `method` used.

    `effective_n` is the number of independent rows that it is worth: for bounds such as zero of n. `caution` says where
    the interval is known to miss its level, and to which side (empty: nothing to say).
    """

    mean: float | None
    lo: float | None
    hi: float | None
    n: int
    method: str
    effective_n: float = 0.0
    caution: str = ""


def wilson(successes: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion; both counts may be fractional (effective numbers).

    Source: E. B. Wilson, J Am Statist Assoc 22:209, 1927. `n` of 0 gives 0 .. 1.
    """
    if not 0.0 <= successes <= n or not 0.0 < level < 1.0:
        raise ValueError("wilson takes 0 <= successes <= n and a level between 0 and 1")
    if n == 0.0:
        return Interval(0.0, 1.0)
    z2 = normal_ppf(0.5 * (1.0 + level)) ** 2
    failures = n - successes
    middle = (successes + 0.5 * z2) / (n + z2)
    reach = math.sqrt(z2 * (successes * failures / n + 0.25 * z2)) / (n + z2)
    return Interval(
        0.0 if successes == 0.0 else max(0.0, middle - reach), 1.0 if failures == 0.0 else min(1.0, middle + reach)
    )


def mean_interval(
    values: Any, *, weights: Any = None, clusters: Any = None, level: float = 0.95, seed: int = 0
) -> Mean:
    """The mean of `values` (flat array) with its interval at `level`.

    `weights` scale rows; `clusters` are whole-number labels: rows of equal label are dependent (trials of one example).

    - 0/1 values: Wilson; with clusters or weights on the effective number of rows (`effective_rows`).
    - others: Student's t over independent units (G - 1 degrees of freedom) where it holds, that is where they are at
      least 25 times their squared skewness (Cochran, "Sampling Techniques", 1977, section 2.15) or fewer than 8; else
      graded Wilson (`_graded_wilson`) where all lie within 0 .. 1, and bootstrap-t where not.
    - all values equal and not 0/1: spread is unseen, not absent; see `_unseen_spread`.

    One row, or one cluster, of values other than 0/1 has no interval. Raises ValueError for values that are not finite.
    """
    if not 0.0 < level < 1.0:
        raise ValueError("a level lies between 0 and 1")
    data = sample((values,), weights, clusters)
    column = data.columns[0]
    if data.rows == 0:
        return Mean(None, None, None, 0, "none: no values")
    units = gather(column, data)
    clustered = ", clustered" if data.labels is not None else ""
    if is_binary(column):
        p = min(1.0, max(0.0, units.mean))
        n = effective_rows(data, column, (0.0, 1.0), level)
        limits = wilson(p * n, n, level)
        caution = of_clusters(units.kish, data.kish, n) if clustered else ""
        return Mean(p, limits.lo, limits.hi, data.rows, "Wilson" + clustered, n, caution)
    if column.min() == column.max():
        return _unseen_spread(float(column[0]), data.rows, units.kish, level)
    if units.count == 1:
        return Mean(units.mean, None, None, data.rows, "none: one cluster", 1.0)
    shares = bool(column.min() >= 0.0 and column.max() <= 1.0)
    method, (lo, hi) = _graded(units, level, seed, shares=shares)
    caution = of_clusters(units.kish) if clustered else ""
    if method == "bootstrap-t":
        caution = caution or few_skewed(units.kish)
    return Mean(units.mean, lo, hi, data.rows, method + clustered, units.kish, caution)


def _graded(units: Units, level: float, seed: int, *, shares: bool) -> tuple[str, tuple[float, float]]:
    """The method chosen and its interval; needs two units. `shares` says that all values lie within 0 .. 1."""
    square, cube = units.powers()
    error = math.sqrt(units.count / (units.count - 1) * square) / units.total
    if units.count < _FEW_UNITS or not is_skewed(square, cube) or error == 0.0:
        reach = t_ppf(0.5 * (1.0 + level), units.count - 1.0) * error
        return "Student t", (units.mean - reach, units.mean + reach)
    if shares:
        return "graded Wilson", _graded_wilson(units, level)
    return "bootstrap-t", bootstrap_t(units, level, seed)


def _graded_wilson(units: Units, level: float) -> tuple[float, float]:
    """The score interval of a mean within 0 .. 1 whose variance is a share of that of 0/1 values of the same mean.

    Wilson's interval of quasi-likelihood (R. W. M. Wedderburn, Biometrika 61:439, 1974): the share is estimated from
    the units, and divides their number into that of 0/1 rows worth as much. A quarter of a made-up unit at either end
    of the scale stands in for what was not seen, since units near one end show too little of their spread, and t stands
    in for the normal quantile. It covers where Student's t falls to 50% and bootstrap-t swings between 94 and 100.
    """
    mean, u, count = units.mean, units.residuals(), units.count
    square = float(count) if units.sizes is None else float(np.dot(units.sizes, units.sizes))
    made_up = _PRIOR_UNITS * ((1.0 - mean) ** 2 + mean**2) * square / count
    share = (float(np.dot(u, u)) + made_up) / (mean * (1.0 - mean) * square + made_up)
    n, q2 = units.kish / share, t_ppf(0.5 * (1.0 + level), count - 1.0) ** 2
    middle = (mean * n + 0.5 * q2) / (n + q2)
    reach = math.sqrt(q2 * (n * mean * (1.0 - mean) + 0.25 * q2)) / (n + q2)
    return middle - reach, middle + reach


def _unseen_spread(value: float, rows: int, units: float, level: float) -> Mean:
    """The interval where all `rows` have one `value` that is neither 0 nor 1.

    At most a share s = 1 - (tail)^(1/units) of the population can differ from it (zero of n seen), and those lie on the
    score's scale: 0 .. 1 for a value between, else taken as 0 .. twice the value.
    """
    if rows == 1:
        return Mean(value, None, None, 1, "none: one value", 1.0)
    share = -math.expm1(math.log(0.5 * (1.0 - level)) / units)
    low, high = (0.0, 1.0) if 0.0 < value < 1.0 else sorted((0.0, 2.0 * value))
    lo, hi = value + share * (low - value), value + share * (high - value)
    return Mean(value, lo, hi, rows, "zero of n: all values equal", units)
