"""A slice of the rows against the rest: are the scores there lower, or higher, than elsewhere?

The two groups are different rows, so nothing is paired. 0/1 scores of independent rows: Fisher's exact test in its
mid-p form and Newcombe's interval of the difference of two independent proportions. Others, and rows with clusters or
weights: Welch's t on the linearised residuals, summed over clusters (a cluster may lie in both groups).

Sources: R. G. Newcombe, "Interval estimation for the difference between independent proportions", Stat Med 17:873, 1998
(method 10); A. Agresti, "Categorical Data Analysis", 3rd ed. 2013, 3.5 (Fisher's test and mid-p); B. L.
Welch, Biometrika 34:28, 1947, with the cluster-robust variance of Cochran ("Sampling Techniques", 1977, 9A).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct

from scansion.stats.intervals import wilson
from scansion.stats.special import t_cdf, t_ppf
from scansion.stats.units import Sample, is_binary, sample

__all__ = ["Rest", "against_rest", "fisher_mid_p"]


class Rest(Struct, frozen=True):
    """A slice against the rest: `difference` = its mean less that of the rest, with interval and two-sided p.

    None where the rows give none: one of the groups is empty, or is one unit.
    """

    difference: float | None
    lo: float | None
    hi: float | None
    p: float | None
    test: str


_NONE = Rest(None, None, None, None, "none: too few rows")


def against_rest(values: Any, inside: Any, *, clusters: Any = None, weights: Any = None, level: float = 0.95) -> Rest:
    """Compare the rows where `inside` is true with the others; flat arrays of one length, `values` without NaN.

    An interval that leaves 0 out although the test does not reject at 1 - `level` is widened to 0, so that a claim has
    both. Raises ValueError for unequal lengths or values that are not finite.
    """
    if not 0.0 < level < 1.0:
        raise ValueError("a level lies between 0 and 1")
    data = sample((values, np.asarray(inside, dtype=np.float64)), weights, clusters)
    if not data.rows or not 0.0 < data.columns[1].mean() < 1.0:
        return _NONE
    plain = data.labels is None and data.weights is None and is_binary(data.columns[0])
    found = _proportions(data, level) if plain else _means(data, level)
    if found.p is None or found.p <= 1.0 - level or found.lo is None or found.hi is None:
        return found
    return Rest(found.difference, min(found.lo, 0.0), max(found.hi, 0.0), found.p, found.test)


def _proportions(data: Sample, level: float) -> Rest:
    y, inside = data.columns
    n, right = int(inside.sum()), int(np.dot(y, inside))
    m, others = data.rows - n, int(y.sum()) - right
    here, there = wilson(right, n, level), wilson(others, m, level)
    p, q = right / n, others / m
    lo = p - q - math.hypot(p - here.lo, there.hi - q)
    hi = p - q + math.hypot(here.hi - p, q - there.lo)
    return Rest(p - q, lo, hi, fisher_mid_p(right, n, others, m), "Fisher mid-p, with Newcombe")


def fisher_mid_p(right: int, n: int, others: int, m: int) -> float:
    """The two-sided mid-p of `right` of `n` against `others` of `m`: twice the smaller tail, the table seen half."""
    whole = right + others
    ks = np.arange(max(0, whole - m), min(n, whole) + 1)
    logs = np.array([_log_choose(n, k) + _log_choose(m, whole - k) for k in ks.tolist()])
    chances = np.exp(logs - logs.max())
    chances /= chances.sum()
    at = right - int(ks[0])
    half = 0.5 * float(chances[at])
    return min(1.0, 2.0 * min(float(chances[:at].sum()) + half, float(chances[at + 1 :].sum()) + half))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _means(data: Sample, level: float) -> Rest:
    y, inside = data.columns
    w = np.ones(data.rows) if data.weights is None else data.weights
    labels = np.arange(data.rows) if data.labels is None else data.labels
    means, units, residuals = [], [], []
    for group in (inside, 1.0 - inside):
        share = w * group / np.dot(w, group)
        means.append(float(np.dot(share, y)))
        residuals.append(np.bincount(labels, weights=share * (y - means[-1])).astype(np.float64))
        units.append(int(np.count_nonzero(np.bincount(labels, weights=group))))
    if min(units) < 2:
        return _NONE
    corrected = [each * math.sqrt(count / (count - 1.0)) for each, count in zip(residuals, units, strict=True)]
    variances = np.array([float(np.dot(each, each)) for each in corrected])
    joint = float(np.dot(corrected[0] - corrected[1], corrected[0] - corrected[1]))
    difference, test = means[0] - means[1], "Welch's t" + (", clustered" if data.labels is not None else "")
    if joint <= 0.0:
        return Rest(difference, None, None, None, "none: no spread")
    freedom = float(variances.sum() ** 2 / sum(v * v / (u - 1.0) for v, u in zip(variances, units, strict=True)))
    error = math.sqrt(joint)
    half = t_ppf(0.5 * (1.0 + level), freedom) * error
    p = 2.0 * t_cdf(-abs(difference) / error, freedom)
    return Rest(difference, difference - half, difference + half, p, test)
