"""Fleiss' kappa: the agreement of several raters on named kinds, beyond what chance would give.

Source: J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychol Bull 76:378, 1971. Where items have
different numbers of ratings, each item with two or more counts the same (K. Gwet, "Handbook of Inter-Rater
Reliability", 4th ed. 2014, section 2.4, without its correction for items of one rating, which are left out here).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scansion.stats.clusters import compact
from scansion.stats.jackknife import ADDED, Coefficient, ratio_interval
from scansion.stats.units import Floats

__all__ = ["fleiss_kappa"]


def fleiss_kappa(items: Any, ratings: Sequence[Any], *, clusters: Any = None, level: float = 0.95) -> Coefficient:
    """Fleiss' kappa with its interval at `level`.

    `items` are whole-number labels, one for each of `ratings` (any hashable values): what was rated. `clusters` are
    labels of the same length: items of one cluster are dependent. Raises ValueError for different lengths.
    """
    labels, count = compact(items)
    if len(ratings) != labels.size or (clusters is not None and len(clusters) != labels.size):
        raise ValueError("items, ratings and clusters are of one length")
    kinds = {kind: code for code, kind in enumerate(dict.fromkeys(ratings))}
    codes = np.fromiter((kinds[each] for each in ratings), dtype=np.int64, count=labels.size)
    counts = np.bincount(labels * len(kinds) + codes, minlength=count * len(kinds)).reshape(count, len(kinds))
    several = counts.sum(axis=1) > 1
    groups = np.arange(count) if clusters is None else _first(labels, np.asarray(clusters), count)
    return _kappa(counts[several].astype(np.float64), groups[several], level)


def _first(labels: Any, clusters: Any, count: int) -> Any:
    """The cluster of each item."""
    found = np.zeros(count, dtype=np.int64)
    found[labels] = clusters
    return found


def _kappa(counts: Floats, groups: Any, level: float) -> Coefficient:
    items, total = len(counts), int(counts.sum())
    if items == 0:
        return Coefficient(None, None, 0, 0)
    size = counts.sum(axis=1)
    apart = 1.0 - ((counts**2).sum(axis=1) - size) / (size * (size - 1.0))  # each item's disagreement
    shares = counts / size[:, None]
    mean = shares.mean(axis=0)
    expected = 1.0 - float(mean @ mean)
    if expected <= 1e-12:
        return Coefficient(None, None, items, total)
    value = 1.0 - float(apart.mean()) / expected
    groups, units = compact(groups)
    of = np.zeros((units + 1, 2 + shares.shape[1]))
    np.add.at(of, groups, np.column_stack([np.ones(items), apart, shares]))
    of[-1] = ADDED * items / units * np.concatenate([[1.0, expected], mean])
    left = of.sum(axis=0) - of
    kept = left[:, 1] / left[:, 0], 1.0 - (left[:, 2:] ** 2).sum(axis=1) / left[:, 0] ** 2
    return Coefficient(value, ratio_interval(value, kept, level), items, total)
