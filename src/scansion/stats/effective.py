"""Effective sample size: how many independent rows a clustered, weighted sample of a proportion is worth.

The design effect (Kish, "Survey Sampling", 1965) is the variance of the mean given the clusters over what it would be
were all rows independent. It divides the rows; where clusters are few, the degrees-of-freedom adjustment of Korn and
Graubard (Survey Methodology 24:193, 1998) takes account of the variance being an estimate.
"""

from __future__ import annotations

import numpy as np

from scansion.stats.special import t_ppf
from scansion.stats.units import Floats, Sample

__all__ = ["effective_rows"]

_PRIOR_UNITS = 1.0
"""How many made-up units stand at either end; see `effective_rows`."""


def effective_rows(data: Sample, values: Floats, ends: tuple[float, float], level: float) -> float:
    """The number of independent rows that pin the mean of `values` down as well as the rows of `data` do.

    `ends` are the least and greatest possible value. The design effect is the greater of two estimates: from the sum of
    squares between clusters, and from the correlation within the average cluster carried over to all of them, which
    holds where a few large clusters weigh most. Both are noise where clusters are few or nearly all rows agree, and
    noise that makes them too small makes claims too easily. So one made-up cluster of average size at either end, all
    its rows alike, is counted in: it decides where the data say nothing and vanishes as clusters grow many.

    Never more than Kish's number of rows, nor less than Kish's number of clusters: each is worth one row at least.
    """
    if data.labels is None:
        return data.kish
    mean = data.mean(values)
    effect = _design_effect(data, values, mean, _PRIOR_UNITS * sum((end - mean) ** 2 for end in ends))
    sizes = np.bincount(data.labels, weights=data.weights).astype(np.float64, copy=False)
    units = float(sizes.sum() ** 2 / np.dot(sizes, sizes))
    return min(data.kish, max(units, data.kish / effect * _few_units(sizes, data.kish, level)))


def _design_effect(data: Sample, values: Floats, mean: float, prior: float) -> float:
    """The greater of the two estimates, each with `prior` added as one more cluster of average size."""
    labels, w = data.labels, data.weights
    assert labels is not None
    gaps = values - mean
    if w is not None:
        gaps *= w
    between = np.bincount(labels, weights=gaps)
    between *= between  # squared sums of residuals
    gaps *= gaps
    own = np.bincount(labels, weights=gaps)  # sums of squared residuals
    del gaps
    whole = np.bincount(labels, weights=w).astype(np.float64)
    rows = whole.copy() if w is None else np.bincount(labels, weights=w * w)  # sums of squared weights
    whole *= whole
    share = prior / len(own)
    robust = (between.sum() + share * whole.sum()) / (own.sum() + share * rows.sum())
    several = whole > rows * (1.0 + 1e-9)
    between -= own
    whole -= rows  # sums of products of weights of two rows
    together = float(np.divide(between, whole, out=between, where=several).sum(where=several))
    alone = float(np.divide(own, rows, out=own, where=several).sum(where=several))
    correlation = (together + prior) / (alone + prior)
    return float(max(robust, 1.0 + correlation * whole.sum() / rows.sum()))


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
