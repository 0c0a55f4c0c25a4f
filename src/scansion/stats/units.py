"""Independent units of a sample: rows, or clusters of rows, each with its weighted sum and its weight.

Every interval and test of a mean works on these, so that weights and clusters are handled once. The mean is the ratio
of the two totals; its variance is that of the linearised residuals between units, the usual cluster-robust variance
(Cochran, "Sampling Techniques", 3rd ed. 1977, chapter 9A): the sandwich estimator of a regression on a constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scansion.stats.clusters import compact

__all__ = [
    "Counts",
    "Floats",
    "Sample",
    "Units",
    "all_equal",
    "gather",
    "is_binary",
    "is_skewed",
    "power_sums",
    "sample",
    "tally",
]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_BLOCK = 1 << 17
_HEAD = 256
"""Of many values the first few mostly tell what all of them are not."""
_CACHED = 1 << 14


class Sample(Struct, frozen=True):
    """Columns of equal length with the `weights` of their rows and the `labels` of their clusters.

    `weights` is None where all are equal, `labels` where every row stands alone.
    """

    columns: tuple[Floats, ...]
    weights: Floats | None
    labels: NDArray[np.int64] | None

    @property
    def rows(self) -> int:
        """The number of rows that count (those of weight 0 are gone)."""
        return len(self.columns[0])

    @property
    def kish(self) -> float:
        """Kish's effective number of rows, (sum w)^2 / sum w^2: what the weights leave of them."""
        w = self.weights
        return float(self.rows) if w is None else float(w.sum() ** 2 / np.dot(w, w))

    def mean(self, values: Floats) -> float:
        """The weighted mean of `values`, one per row."""
        w = self.weights
        return float(values.mean()) if w is None else float(np.dot(values, w) / w.sum())


class Units(Struct, frozen=True):
    """Independent units: weighted `sums` of their rows' values, and `sizes`, their rows' weights (None: all 1)."""

    sums: Floats
    sizes: Floats | None

    @property
    def count(self) -> int:
        """The number of units."""
        return len(self.sums)

    @property
    def total(self) -> float:
        """The total weight."""
        return float(self.count) if self.sizes is None else float(self.sizes.sum())

    @property
    def mean(self) -> float:
        """The mean of all rows, weighted."""
        return float(self.sums.sum()) / self.total

    @property
    def kish(self) -> float:
        """Kish's effective number of units, their sizes as weights."""
        return float(self.count) if self.sizes is None else self.total**2 / float(np.dot(self.sizes, self.sizes))

    def residuals(self) -> Floats:
        """Each unit's sum less what it would be at the common mean."""
        mean = self.mean
        return self.sums - (mean if self.sizes is None else mean * self.sizes)

    def powers(self) -> tuple[float, float]:
        """The sums of squares and of cubes of the residuals."""
        second, third, _ = power_sums(self.sums, self.mean) if self.sizes is None else power_sums(self.residuals())
        return second, third

    def variance(self) -> float:
        """The estimated variance of the mean, with the factor G / (G - 1); needs two units."""
        return self.count / (self.count - 1) * self.powers()[0] / self.total**2


def sample(columns: tuple[Any, ...], weights: Any = None, clusters: Any = None) -> Sample:
    """Checked columns as float64, rows of weight 0 left out, equal weights and all-distinct clusters dropped.

    Raises ValueError for unequal lengths, values that are not finite, or negative weights.
    """
    arrays = tuple(np.asarray(column, dtype=np.float64) for column in columns)
    size = arrays[0].size
    if any(a.ndim != 1 or a.size != size for a in arrays):
        raise ValueError("columns must be flat and of one length")
    if not all(_all_finite(a) for a in arrays):
        raise ValueError("values must be finite numbers: leave unscored rows out")
    labels = None if clusters is None else np.asarray(clusters)
    if labels is not None and labels.shape != (size,):
        raise ValueError("clusters must hold one label per row")
    w = None if weights is None else _checked_weights(weights, size)
    if w is not None and w.size and not w.all():
        kept = w > 0.0
        arrays, w = tuple(a[kept] for a in arrays), w[kept]
        labels = None if labels is None else labels[kept]
    if w is not None and (w.size == 0 or w.min() == w.max()):
        w = None
    dense = None
    if labels is not None:
        dense, count = compact(labels)
        dense = None if count == dense.size else dense
    return Sample(arrays, w, dense)


def gather(values: Floats, of: Sample) -> Units:
    """`values`, one per row of the sample, summed into its units."""
    w = of.weights
    weighted = values if w is None else values * w
    if of.labels is None:
        return Units(weighted, w)
    sums: Floats = np.bincount(of.labels, weights=weighted).astype(np.float64, copy=False)
    sizes: Floats = np.bincount(of.labels, weights=w).astype(np.float64, copy=False)
    return Units(sums, sizes)


def is_binary(*columns: Floats) -> bool:
    """Whether all values are 0 or 1."""
    heads = [c[:_HEAD] for c in columns]
    return all(bool(((c == 0.0) | (c == 1.0)).all()) for c in [*heads, *columns])


def is_skewed(square: float, cube: float) -> bool:
    """Whether units are too few for a t interval of their mean, from the sums of squares and cubes of their residuals.

    They are if fewer than 25 times their squared skewness, n cube^2 / square^3.
    Source: W. G. Cochran, "Sampling Techniques", 3rd ed. 1977, section 2.15.
    """
    return square > 0.0 and 25.0 * cube**2 > square**3


def power_sums(values: Floats, centre: float = 0.0) -> tuple[float, float, float]:
    """The sums of second, third and fourth powers of `values` less `centre`, in blocks that stay in the cache."""
    second = third = fourth = 0.0
    for start in range(0, len(values), _CACHED):
        part = values[start : start + _CACHED]
        part = part - centre if centre else part
        squares = part * part
        second += float(np.dot(part, part))
        third += float(np.dot(squares, part))
        fourth += float(np.dot(squares, squares))
    return second, third, fourth


def all_equal(values: Floats) -> bool:
    """Whether there is but one value."""
    return bool((values[:_HEAD] == values[0]).all() and (values == values[0]).all())


def tally(values: Floats, most: int) -> tuple[Floats, Counts] | None:
    """The different values, ascending, with how often each comes; None if there are over `most`."""
    found, times = np.zeros(0), np.zeros(0, dtype=np.int64)
    step = min(_BLOCK, 16 * most)  # of many different values the first few tell
    start = 0
    while start < len(values):
        more, counts = np.unique(values[start : start + step], return_counts=True)
        found, place = np.unique(np.concatenate([found, more]), return_inverse=True)
        if len(found) > most:
            return None
        times = np.bincount(place, weights=np.concatenate([times, counts])).astype(np.int64)
        start, step = start + step, _BLOCK
    return found, times


def _all_finite(values: Floats) -> bool:
    # a sum takes a third of the time of looking at each value; one that overflows says nothing
    with np.errstate(all="ignore"):
        return bool(np.isfinite(values.sum())) or bool(np.isfinite(values).all())


def _checked_weights(weights: Any, size: int) -> Floats:
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (size,) or not np.isfinite(w).all() or (size and w.min() < 0.0):
        raise ValueError("weights must be one finite number from 0 per row")
    return w
