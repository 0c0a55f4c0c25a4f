"""Effective sample size: how many independent rows a clustered, weighted sample of a proportion is worth.

The design effect (Kish, "Survey Sampling", 1965) is the variance of the mean given the clusters over what it would be
were all rows independent. It divides the rows; where clusters are few, the degrees-of-freedom adjustment of Korn and
Graubard (Survey Methodology 24:193, 1998) takes account of the variance being an estimate.

How it does, over rates and ways to cluster, is measured by `bench/statistics/coverage.py`.
"""

from __future__ import annotations

import math

import numpy as np

from scansion.stats.special import t_ppf
from scansion.stats.units import Floats, Sample

__all__ = ["effective_rows"]

_PRIOR_UNITS = 0.25
"""How many made-up units stand at either end; see `effective_rows`."""


def effective_rows(data: Sample, values: Floats, ends: tuple[float, float], level: float) -> float:
    """The number of independent rows that pin the mean of `values` down as well as the rows of `data` do.

    `ends` are the ends of the scale; for differences half as far, since clusters that turn from all wrong to all right
    are rare beside clusters that are all right. The design effect rests on the correlation of two rows of one
    cluster, pooled over all such pairs of rows, so that the large clusters, which weigh most, say most. It is noise
    where clusters are few or nearly all rows agree, and noise that makes it too small makes claims too easily. So a
    quarter of a made-up cluster at either end, all its rows alike, is counted in: it decides where the data say nothing
    and vanishes as clusters grow many.

    Never more than Kish's number of rows, nor less than Kish's number of clusters: each is worth one row at least.
    """
    if data.labels is None:
        return data.kish
    mean = data.mean(values)
    effect = _design_effect(data, values, mean, _PRIOR_UNITS * sum((end - mean) ** 2 for end in ends))
    sizes = np.bincount(data.labels, weights=data.weights).astype(np.float64, copy=False)
    units = float(sizes.sum() ** 2 / np.dot(sizes, sizes))
    if effect <= 1.0 or units >= data.kish:
        return data.kish
    # Rows that hardly depend on each other need no allowance for few clusters, and rows that are all alike the whole
    # of it; between, the root of how far along the effect is keeps coverage where a few clusters weigh most.
    along = min(1.0, (effect - 1.0) / (data.kish / units - 1.0))
    allowance = math.pow(_few_units(sizes, data.kish, level), math.sqrt(along))
    return min(data.kish, max(units, data.kish / effect * allowance))


def _design_effect(data: Sample, values: Floats, mean: float, prior: float) -> float:
    """The greater of two estimates, each with `prior` as one more cluster of average size: from the sum of squares
    between clusters, and from the correlation of two rows of one cluster, pooled over all such pairs."""
    labels, w = data.labels, data.weights
    assert labels is not None
    gaps = values - mean
    if w is not None:
        gaps *= w
    between: Floats = np.bincount(labels, weights=gaps).astype(np.float64, copy=False)
    between *= between
    gaps *= gaps
    own: Floats = np.bincount(labels, weights=gaps).astype(np.float64, copy=False)  # sums of squared residuals
    del gaps
    pairs = np.bincount(labels, weights=w).astype(np.float64)
    rows = pairs.copy() if w is None else np.bincount(labels, weights=w * w)  # sums of squared weights
    pairs *= pairs
    pairs -= rows  # sums of products of weights of two rows
    all_between, all_own, all_rows, all_pairs = (float(x.sum()) for x in (between, own, rows, pairs))
    share = prior / len(own)
    robust = (all_between + share * (all_pairs + all_rows)) / (all_own + share * all_rows)
    own /= rows
    alike = float(np.dot(own, pairs))  # what the products of residuals would sum to were all rows of a cluster alike
    correlation = (all_between - all_own + share * all_pairs) / (alike + share * all_pairs)
    return max(robust, 1.0 + correlation * all_pairs / all_rows)


def _few_units(sizes: Floats, kish_rows: float, level: float) -> float:
    """The squared ratio of t quantiles by rows and by units: below 1, and 0 where one unit is nearly all.

    The variance of unequal units rests on the large ones: Satterthwaite's degrees of freedom (Biometrics Bulletin
    2:110, 1946) for units whose rows are all alike, G - 1 where sizes are equal.
    """
    squares = sizes * sizes
    freedom = float(squares.sum() ** 2 / np.dot(squares, squares)) - 1.0
    if freedom < 0.5:
        return 0.0
    p = 0.5 * (1.0 + level)
    return (t_ppf(p, kish_rows - 1.0) / t_ppf(p, freedom)) ** 2
