"""Length bias: how often the longer of two outputs wins, and the win rate that is left at equal lengths.

The length-controlled win rate follows Y. Dubois et al., "Length-Controlled AlpacaEval", arXiv 2404.04475, 2024: a
logistic regression of the preference on the difference of lengths, read where the difference is 0. As there the
difference is divided by its standard deviation and put through tanh, so that a few very long outputs do not decide.
Simpler than there: no term for how hard an instruction is, and each pair of systems is fitted by itself.

The fit is Newton's with the penalty of D. Firth, "Bias reduction of maximum likelihood estimates", Biometrika 80:27,
1993, which is finite even where the longer output always wins. The variance is the greater of the model's and of one
robust to clusters and to a wrong model (the sandwich estimator), which alone is too small where few pairs are lost.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct

from scansion.stats.clusters import compact
from scansion.stats.intervals import Interval, mean_interval
from scansion.stats.mcnemar import mcnemar
from scansion.stats.special import t_ppf
from scansion.stats.units import Floats

__all__ = ["LengthBias", "length_bias"]

_LEAST = 10
"""Pairs (or clusters) below which no regression is made."""


class LengthBias(Struct, frozen=True):
    """Of `n` pairs: `decided` have outputs of different lengths and no tie, and in `longer` of these the longer won.

    `longer_share` is 0 to 1 with its interval, `p` the two-sided p-value of one half (None with clusters). `win_rate`
    is the second output's, ties counting half, `controlled` what is left of it at equal lengths (None below 10 pairs or
    where all differences of lengths are equal), each with its interval. `slope` is the change of the log-odds over one
    unit of tanh(difference / sd).
    """

    n: int
    decided: int
    longer: int
    longer_share: float | None
    longer_interval: Interval | None
    p: float | None
    win_rate: float | None
    win_interval: Interval | None
    controlled: float | None
    controlled_interval: Interval | None
    slope: float | None
    slope_interval: Interval | None


def length_bias(
    preference: Any, length_a: Any, length_b: Any, *, clusters: Any = None, level: float = 0.95
) -> LengthBias:
    """What the lengths of outputs have to do with which of two is preferred.

    `preference` is a flat array from 0 (the first output, a, is better) over 0.5 (a tie) to 1 (the second, b); lengths
    are in any one unit. `clusters` are whole-number labels of pairs that belong together. Raises ValueError for
    different lengths, preferences outside 0 to 1, and values that are not finite.
    """
    wins, a, b = (np.asarray(each, dtype=np.float64) for each in (preference, length_a, length_b))
    if wins.ndim != 1 or wins.shape != a.shape or wins.shape != b.shape:
        raise ValueError("preferences and lengths are flat and of one length")
    if not all(np.isfinite(each).all() for each in (wins, a, b)) or (wins.size and (wins.min() < 0 or wins.max() > 1)):
        raise ValueError("preferences lie between 0 and 1, and lengths are finite")
    labels = None if clusters is None else compact(clusters)[0]
    gaps = b - a
    decided = (gaps != 0.0) & (wins != 0.5)
    longer = ((wins > 0.5) == (gaps > 0.0))[decided]
    share = _mean(longer.astype(np.float64), None if labels is None else labels[decided], level)
    count = int(longer.sum())
    p = mcnemar(longer.size - count, count) if labels is None and longer.size else None
    whole = _mean(wins, labels, level)
    fitted = _controlled(wins, gaps, labels, level)
    return LengthBias(wins.size, longer.size, count, *share, p, *whole, *fitted)


def _mean(values: Floats, clusters: Any, level: float) -> tuple[float | None, Interval | None]:
    found = mean_interval(values, clusters=clusters, level=level)
    if found.lo is None or found.hi is None:
        return found.mean, None
    return found.mean, Interval(max(0.0, found.lo), min(1.0, found.hi))


_Fitted = tuple[float | None, Interval | None, float | None, Interval | None]


def _controlled(wins: Floats, gaps: Floats, clusters: Any, level: float) -> _Fitted:
    """The win rate at equal lengths and the slope, with their intervals."""
    units = wins.size if clusters is None else int(clusters.max()) + 1 if clusters.size else 0
    spread = float(gaps.std()) if gaps.size else 0.0
    if units < _LEAST or spread == 0.0:
        return None, None, None, None
    columns = np.column_stack([np.ones(gaps.size), np.tanh(gaps / spread)])
    beta = _firth(columns, wins)
    errors = np.sqrt(_variances(columns, wins, beta, clusters))
    reach = t_ppf(0.5 * (1.0 + level), units - 2.0) * errors
    low, middle, high = (_logistic(float(beta[0] + side * reach[0])) for side in (-1.0, 0.0, 1.0))
    slope = float(beta[1])
    return middle, Interval(low, high), slope, Interval(slope - float(reach[1]), slope + float(reach[1]))


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else 0.0


def _rates(columns: Floats, beta: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(columns @ beta, -30.0, 30.0))))


def _firth(columns: Floats, y: Floats) -> Floats:
    """The coefficients: Newton's steps on the penalised score, none longer than 2."""
    beta = np.zeros(columns.shape[1])
    for _ in range(100):
        rates = _rates(columns, beta)
        weights = rates * (1.0 - rates)
        inverse = np.linalg.inv(columns.T @ (columns * weights[:, None]))
        leverage = weights * np.einsum("ij,jk,ik->i", columns, inverse, columns)
        step = inverse @ (columns.T @ (y - rates + leverage * (0.5 - rates)))
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        beta = beta + step
        if float(np.abs(step).max()) < 1e-10:
            break
    return beta


def _variances(columns: Floats, y: Floats, beta: Floats, clusters: Any) -> Floats:
    """The variances of the coefficients, by the model and by the scores' spread: the greater of each."""
    rates = _rates(columns, beta)
    inverse = np.linalg.inv(columns.T @ (columns * (rates * (1.0 - rates))[:, None]))
    scores = columns * (y - rates)[:, None]
    if clusters is not None:
        scores = np.column_stack([np.bincount(clusters, weights=each) for each in scores.T])
    count = len(scores)
    robust = inverse @ (scores.T @ scores) @ inverse * (count / (count - 1))
    return np.maximum(np.diag(inverse), np.diag(robust))
