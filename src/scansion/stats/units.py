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

__all__ = ["Floats", "Sample", "Units", "gather", "is_binary", "sample"]

Floats = NDArray[np.float64]


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

    def variance(self) -> float:
        """The estimated variance of the mean, with the factor G / (G - 1); needs two units."""
        u = self.residuals()
        return self.count / (self.count - 1) * float(np.dot(u, u)) / self.total**2


def sample(columns: tuple[Any, ...], weights: Any = None, clusters: Any = None) -> Sample:
    """Checked columns as float64, rows of weight 0 left out, equal weights and all-distinct clusters dropped.

    Raises ValueError for unequal lengths, values that are not finite, or negative weights.
    """
    arrays = tuple(np.asarray(column, dtype=np.float64) for column in columns)
    size = arrays[0].size
    if any(a.ndim != 1 or a.size != size for a in arrays):
        raise ValueError("columns must be flat and of one length")
    if not all(np.isfinite(a).all() for a in arrays):
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
    return all(bool(((c == 0.0) | (c == 1.0)).all()) for c in columns)


def _checked_weights(weights: Any, size: int) -> Floats:
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (size,) or not np.isfinite(w).all() or (size and w.min() < 0.0):
        raise ValueError("weights must be one finite number from 0 per row")
    return w
