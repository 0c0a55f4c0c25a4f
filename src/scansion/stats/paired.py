"""Two variants on the same examples: the difference of their means, its interval and its test."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct, structs

from scansion.stats.bootstrap import symmetric_bootstrap_t
from scansion.stats.effective import effective_rows
from scansion.stats.mcnemar import mcnemar
from scansion.stats.newcombe import Table, paired_interval
from scansion.stats.sign_flip import sign_flip
from scansion.stats.units import Floats, Sample, gather, is_binary, sample
from scansion.stats.zero_bound import zero_bound

__all__ = ["Paired", "compare"]


class Paired(Struct, frozen=True):
    """The comparison of b with a over `n` pairs: `difference` = mean(b) - mean(a), its interval and two-sided p-value.

    `flips` counts pairs right in a and wrong in b, and the other way round, for 0/1 scores (else None). `sd` is the
    standard deviation of one pair's difference with the design effect in it (standard error times root of n), as
    `pairs_needed` takes it. None where the data give none.
    """

    difference: float | None
    lo: float | None
    hi: float | None
    p: float | None
    test: str
    interval_method: str
    n: int
    flips: tuple[int, int] | None
    sd: float | None = None


def compare(a: Any, b: Any, *, clusters: Any = None, weights: Any = None, level: float = 0.95, seed: int = 0) -> Paired:
    """Compare `a` and `b`, flat arrays of scores paired by position, without NaN.

    `clusters` are whole-number labels: pairs of equal label are dependent (trials of one example) and form one unit.

    - 0/1 scores: McNemar mid-p and Newcombe's interval; with clusters or weights the sign-flip test over units in its
      mid-p form, and Newcombe's interval on the effective number of pairs.
    - others: sign-flip permutation test over units and symmetric bootstrap-t interval of the mean difference.

    Interval and test may differ by a hair near the edge: an interval at this `level` that leaves 0 out although the
    test does not reject is widened to 0, so that a claim always has both. Raises ValueError for unequal lengths or
    values that are not finite.
    """
    if not 0.0 < level < 1.0:
        raise ValueError("a level lies between 0 and 1")
    data = sample((a, b), weights, clusters)
    if data.rows == 0:
        return Paired(None, None, None, None, "none: no pairs", "none: no pairs", 0, None)
    if is_binary(*data.columns):
        found = _binary(data, level, seed)
    else:
        found = _graded(data, level, seed)
    return _agreeing(found, 1.0 - level)


def _agreeing(found: Paired, alpha: float) -> Paired:
    """`found`, its interval widened to 0 where the test does not reject."""
    if found.lo is None or found.hi is None or found.p is None or found.p <= alpha:
        return found
    if found.lo <= 0.0 <= found.hi:
        return found
    return structs.replace(found, lo=min(found.lo, 0.0), hi=max(found.hi, 0.0))


def _binary(data: Sample, level: float, seed: int) -> Paired:
    a, b = data.columns
    right_a, right_b, both = int(a.sum()), int(b.sum()), int(np.dot(a, b))
    flips = (right_a - both, right_b - both)
    if data.labels is None and data.weights is None:
        table = Table(both, *flips, data.rows - both - sum(flips))
        p, test, n, suffix = mcnemar(*flips), "McNemar mid-p", float(data.rows), ""
    else:
        differences = b - a
        p, exact = sign_flip(gather(differences, data).sums, seed, mid=True)
        test, suffix = _named("clustered McNemar, sign-flip mid-p", exact), ", clustered"
        if data.labels is None:
            test, suffix = _named("weighted McNemar, sign-flip mid-p", exact), ", weighted"
        table, n = _effective_table(data, differences, level)
    name, limits = paired_interval(table, level)
    sd = math.sqrt(max(0.0, table.variance) * data.rows / n)
    return Paired(table.difference, limits.lo, limits.hi, p, test, name + suffix, data.rows, flips, sd)


def _effective_table(data: Sample, differences: Floats, level: float) -> tuple[Table, float]:
    """The table of weighted proportions, counted in effective pairs, and their number."""
    a, b = data.columns
    share_both = data.mean(a * b)
    only_a, only_b = max(0.0, data.mean(a) - share_both), max(0.0, data.mean(b) - share_both)
    n = effective_rows(data, differences, (-1.0, 1.0), level)
    neither = max(0.0, 1.0 - share_both - only_a - only_b)
    return Table(share_both * n, only_a * n, only_b * n, neither * n), n


def _graded(data: Sample, level: float, seed: int) -> Paired:
    a, b = data.columns
    differences = b - a
    units = gather(differences, data)
    p, exact = sign_flip(units.sums, seed)
    suffix = ", clustered" if data.labels is not None else ""
    test = _named("paired permutation" + suffix, exact)
    if differences.min() == differences.max():
        lo, hi = _unseen_spread(data, float(differences[0]), units.kish, level)
        sd, method = 0.0, "zero of n: all differences equal"
    elif units.count == 1:
        return Paired(units.mean, None, None, p, test, "none: one cluster", data.rows, None)
    else:
        error = math.sqrt(units.variance())
        lo, hi = symmetric_bootstrap_t(units, level, seed) if error > 0.0 else (units.mean, units.mean)
        sd, method = error * math.sqrt(data.rows), "bootstrap-t" + suffix
    return Paired(units.mean, lo, hi, p, test, method, data.rows, None, sd)


def _named(test: str, exact: bool) -> str:
    return f"{test} ({'exact' if exact else 'Monte Carlo'})"


def _unseen_spread(data: Sample, difference: float, units: float, level: float) -> tuple[float, float]:
    """The interval where all pairs differ by the same: a share of the population may differ otherwise, unseen.

    The share is bounded by zero of n, and how far its pairs may lie by the scale: 1 where all scores are within 0 .. 1,
    else the range of the scores seen, or their size where all are equal.
    """
    low = min(float(column.min()) for column in data.columns)
    high = max(float(column.max()) for column in data.columns)
    scale = 1.0 if low >= 0.0 and high <= 1.0 else (high - low) or abs(high)
    share = zero_bound(units, 0.5 * (1.0 + level))
    return difference - share * (scale + difference), difference + share * (scale - difference)
