"""Quantiles of latencies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["p50_p95"]


def p50_p95(seconds: Any) -> tuple[float | None, float | None]:
    """The median and the 95th percentile of `seconds` (any unit), None and None where there are no values.

    Linear interpolation between order statistics (type 7 of Hyndman and Fan, "Sample quantiles in statistical
    packages", Am Stat 50:361, 1996). NaN values are left out.
    """
    given = np.asarray(seconds, dtype=np.float64)
    given = given[~np.isnan(given)]
    if given.size == 0:
        return None, None
    ordered = np.sort(given)  # np.quantile would do, and imports numpy.ma
    return _quantile(ordered, 0.5), _quantile(ordered, 0.95)


def _quantile(ordered: Any, share: float) -> float:
    place = share * (ordered.size - 1)
    below = math.floor(place)
    low, high = float(ordered[below]), float(ordered[min(below + 1, ordered.size - 1)])
    return float(low + (place - below) * (high - low))
