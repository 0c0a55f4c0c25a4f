"""Two variants on the same examples: the difference of their means, its interval and its test."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct, structs

from scansion.stats.bootstrap import symmetric_bootstrap_t
from scansion.stats.caution import few_flips, few_graded, of_clusters
from scansion.stats.effective import effective_rows
from scansion.stats.mcnemar import mcnemar
from scansion.stats.newcombe import Table, paired_interval
from scansion.stats.sign_flip import Counting, sign_flip
from scansion.stats.special import t_ppf
from scansion.stats.units import Floats, Sample, Units, all_equal, gather, is_binary, is_skewed, sample
from scansion.stats.zero_bound import zero_bound

__all__ = ["Paired", "compare"]

_MANY_UNITS = 4096


class Paired(Struct, frozen=True):
    """The comparison of b with a over `n` pairs: `difference` = mean(b) - mean(a), its interval and two-sided p-value.

    `flips` counts pairs right in a and wrong in b, and the other way round, for 0/1 scores (else None). `sd` is the
    standard deviation of one pair's difference with the design effect in it (standard error times root of n), as
    `pairs_needed` takes it. None where the data give none. `caution` says where the interval is known to miss its
    level, and to which side (empty: nothing to say).
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
    caution: str = ""


def compare(a: Any, b: Any, *, clusters: Any = None, weights: Any = None, level: float = 0.95, seed: int = 0) -> Paired:
    """Compare `a` and `b`, flat arrays of scores paired by position, without NaN.

    `clusters` are whole-number labels: pairs of equal label are dependent (trials of one example) and form one unit.

    - 0/1 scores: McNemar mid-p and Newcombe's interval; with clusters or weights the sign-flip test over units in its
      mid-p form, and Newcombe's interval on the effective number of pairs.
    - others: sign-flip permutation test over units and symmetric bootstrap-t interval of the mean difference; Student's
      t above 4,096 units, where the two no longer differ.

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
        p, test, n, suffix, caution = mcnemar(*flips), "McNemar mid-p", float(data.rows), "", ""
    else:
        differences = b - a
        units = gather(differences, data)
        p, counting = sign_flip(units.sums, seed, mid=True)
        test, suffix = _named("clustered McNemar, sign-flip mid-p", counting), ", clustered"
        if data.labels is None:
            test, suffix = _named("weighted McNemar, sign-flip mid-p", counting), ", weighted"
        clusters = units.kish
        del units  # a million of them are not held twice
        table, n = _effective_table(data, differences, level)
        caution = of_clusters(clusters, data.kish, n) if data.labels is not None else ""
    name, limits = paired_interval(table, level)
    sd = math.sqrt(max(0.0, table.variance) * data.rows / n)
    caution = few_flips(table.only_a + table.only_b) or caution
    return Paired(table.difference, limits.lo, limits.hi, p, test, name + suffix, data.rows, flips, sd, caution)


def _effective_table(data: Sample, differences: Floats, level: float) -> tuple[Table, float]:
    """The table of weighted proportions, counted in effective pairs, and their number."""
    a, b = data.columns
    share_both = data.mean(a * b)
    only_a, only_b = max(0.0, data.mean(a) - share_both), max(0.0, data.mean(b) - share_both)
    n = effective_rows(data, differences, (-0.5, 0.5), level)
    neither = max(0.0, 1.0 - share_both - only_a - only_b)
    return Table(share_both * n, only_a * n, only_b * n, neither * n), n


def _graded(data: Sample, level: float, seed: int) -> Paired:
    a, b = data.columns
    differences = b - a
    units = gather(differences, data)
    p, counting = sign_flip(units.sums, seed)
    suffix = ", clustered" if data.labels is not None else ""
    test = _named("paired permutation" + suffix, counting)
    if all_equal(differences):
        lo, hi = _unseen_spread(data, float(differences[0]), units.kish, level)
        sd, method = 0.0, "zero of n: all differences equal"
    elif units.count == 1:
        return Paired(units.mean, None, None, p, test, "none: one cluster", data.rows, None)
    else:
        method, error, (lo, hi) = _limits(units, level, seed)
        sd, method = error * math.sqrt(data.rows), method + suffix
    differing = _MANY_UNITS if counting == "normal limit" else int(np.count_nonzero(units.sums))
    caution = few_flips(differing) or (of_clusters(units.kish) if suffix else "") or few_graded(units.kish)
    return Paired(units.mean, lo, hi, p, test, method, data.rows, None, sd, caution)


def _limits(units: Units, level: float, seed: int) -> tuple[str, float, tuple[float, float]]:
    """The method, standard error and interval of the mean of units, of which there are two at least."""
    square, cube = units.powers()
    mean, error = units.mean, math.sqrt(units.count / (units.count - 1) * square) / units.total
    if error > 0.0 and (units.count <= _MANY_UNITS or is_skewed(square, cube)):
        return "bootstrap-t", error, symmetric_bootstrap_t(units, level, seed)
    reach = t_ppf(0.5 * (1.0 + level), units.count - 1.0) * error
    return "Student t", error, (mean - reach, mean + reach)


def _named(test: str, counting: Counting) -> str:
    return f"{test} ({counting})"


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
