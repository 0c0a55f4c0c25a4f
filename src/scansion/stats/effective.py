"""Effective sample size: how many independent rows a clustered, weighted sample of a proportion is worth.

The design effect (Kish, "Survey Sampling", 1965) is the variance of the mean given the clusters over what it would be
were all rows independent. It divides the rows; where clusters are few, the degrees-of-freedom adjustment of Korn and
Graubard (Survey Methodology 24:193, 1998) takes account of the variance being an estimate.
"""

from __future__ import annotations

import numpy as np

from scansion.stats.special import t_ppf
from scansion.stats.units import Units

__all__ = ["effective_rows"]

_PRIOR_UNITS = 1.0
"""Weight of the made-up units; see `effective_rows`."""


def effective_rows(
    units: Units, kish_rows: float, row_variance: float, ends: tuple[float, float], level: float
) -> float:
    """The number of independent rows that pin the mean down as well as these units do.

    `kish_rows` is Kish's number of rows, `row_variance` the variance of one row's value, `ends` its least and greatest
    possible value. The estimated design effect is noise where clusters are few or nearly all rows agree, and noise that
    makes it too small is noise that makes claims too easily. So one made-up unit of average size at either end, all
    its rows alike, is counted in: it decides where the data say nothing and vanishes as units grow.

    Never more than `kish_rows`, and never less than Kish's number of units: a cluster is worth one row at least.
    """
    if units.sizes is None:
        return kish_rows
    u, sizes, mean = units.residuals(), units.sizes, units.mean
    per_row = units.total**2 / kish_rows  # the sum of squared row weights
    spread = sum((end - mean) ** 2 for end in ends) * _PRIOR_UNITS / units.count
    seen = float(np.dot(u, u)) + spread * float(np.dot(sizes, sizes))
    alone = (row_variance + spread) * per_row
    rows = kish_rows * alone / seen
    return float(min(kish_rows, max(units.kish, rows * _few_units(units.kish, kish_rows, level))))


def _few_units(kish_units: float, kish_rows: float, level: float) -> float:
    """The squared ratio of t quantiles by rows and by units: below 1, and 0 where one unit is nearly all."""
    if kish_units < 1.5:
        return 0.0
    p = 0.5 * (1.0 + level)
    return (t_ppf(p, kish_rows - 1.0) / t_ppf(p, kish_units - 1.0)) ** 2
