"""Quantiles of latencies."""

from __future__ import annotations

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
    middle, high = np.quantile(given, [0.5, 0.95])
    return float(middle), float(high)
