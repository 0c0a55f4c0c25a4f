"""The frontier of quality against cost: which variants no other one beats at no more cost.

A variant is dominated by another that is at least as good and costs no more, one of the two strictly; those that none
dominates are the frontier (V. Pareto, "Manuale di economia politica", 1906; H. T. Kung, F. Luccio, F. P. Preparata,
"On finding the maxima of a set of vectors", J ACM 22:469, 1975).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from scansion.stats.intervals import mean_interval

__all__ = ["cost_interval", "dominators"]


def dominators(costs: Sequence[float], means: Sequence[float]) -> list[list[int]]:
    """For each variant the positions of those that dominate it, as measured; none for one on the frontier.

    `costs` and `means` are one each a variant: lower cost and higher mean are better. Raises ValueError for sequences
    of unequal length or values that are not finite.
    """
    if not all(map(math.isfinite, [*costs, *means])):
        raise ValueError("costs and means must be finite numbers")
    points = list(zip(costs, means, strict=True))
    return [
        [i for i, (c, m) in enumerate(points) if c <= cost and m >= mean and (c < cost or m > mean)]
        for cost, mean in points
    ]


def cost_interval(
    values: Any, *, weights: Any = None, clusters: Any = None, level: float = 0.95, seed: int = 0
) -> tuple[float, tuple[float, float] | None]:
    """The mean of `values` (one cost an outcome, flat array, at least one) with its interval at `level`.

    As `mean_interval` has it: Student's t, or bootstrap-t where costs lean to one side, as tokens do. Where all
    outcomes cost the same, as calls mostly do, both limits are the mean: that is how the variant is made. One outcome,
    or one cluster of different ones, has no interval (None).
    """
    given = np.asarray(values, dtype=np.float64)
    if given.size > 1 and given.min() == given.max():
        return float(given[0]), (float(given[0]), float(given[0]))
    if not given.size:
        raise ValueError("a mean cost takes one outcome at least")
    unit = 0.5 * float(np.abs(given).max()) or 1.0  # of costs below 1 `mean_interval` would think that they end there
    found = mean_interval(given / unit, weights=weights, clusters=clusters, level=level, seed=seed)
    if found.mean is None or found.lo is None or found.hi is None or given.size == 1:
        return float(np.average(given, weights=weights)), None
    low = max(found.lo, 0.0) if given.min() >= 0.0 else found.lo
    return unit * found.mean, (unit * low, unit * found.hi)
