"""Which ranks the evidence leaves to each player, at once for all: ranks with ties.

Source: M. Mogstad, J. P. Romano, A. M. Shaikh and D. Wilhelm, "Inference for ranks with applications to mobility across
neighbourhoods and academic achievement across countries", Rev Econ Stud 91:476, 2024. Differences of all pairs get
simultaneous intervals from the largest studentized difference, here that of normal vectors with the bootstrap's
covariance (T. Hothorn, F. Bretz and P. Westfall, "Simultaneous inference in general parametric models", Biom J 50:346,
2008); pairs that are decided are taken out and the rest is tried again (J. P. Romano and M. Wolf, "Exact and
approximate stepdown methods for multiple hypothesis testing", J Am Stat Assoc 100:94, 2005). The chance that any order
claimed is wrong is at most 1 - level.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scansion.stats.units import Floats

__all__ = ["deviations", "rank_ranges", "separated"]

_BLOCK = 1 << 18
_NORMALS = 2000


def separated(
    ratings: Floats,
    draws: Floats,
    *,
    level: float = 0.95,
    factor: float = 1.0,
    error: Floats | None = None,
    lead: Floats | None = None,
) -> NDArray[np.bool_]:
    """Whether i is above j, (K, K), for ratings (K,), high is good, with their bootstrap draws (rounds, K).

    `factor` multiplies the limit that a studentized difference must pass (see `rating_bootstrap.widening`). `error`
    (K, K) are standard errors of the differences below which none is taken, such as a model's own: the bootstrap of a
    handful of votes a player knows no rarer vote than it saw. `lead` (K, K) is by how much i leads j at least, in place
    of the difference of their ratings, where something unknown may count against i.
    """
    k = len(ratings)
    covariance = _covariance(draws)
    own = deviations(covariance)
    spread = own if error is None else np.maximum(own, error)
    gap = ratings[:, None] - ratings[None, :] if lead is None else lead
    most = np.maximum(gap, gap.T)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(spread > 0.0, most / spread, np.where(most > 0.0, np.inf, 0.0))
    normal = _normals(covariance)
    left = np.triu_indices(k, 1)
    decided = np.zeros((k, k), dtype=np.bool_)
    while left[0].size:
        passed = size[left] > factor * _largest(normal, own, left, level)
        if not passed.any():
            break
        decided[left[0][passed], left[1][passed]] = True
        left = (left[0][~passed], left[1][~passed])
    return np.asarray((decided | decided.T) & (gap > 0.0))


def rank_ranges(above: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The first and last rank, from 1, that each player may have, given who is above whom (K, K)."""
    k = len(above)
    better, worse = above.sum(axis=0).tolist(), above.sum(axis=1).tolist()
    return [(1 + b, k - w) for b, w in zip(better, worse, strict=True)]


def deviations(covariance: Floats) -> Floats:
    """The standard deviations (K, K) of all differences of quantities with this covariance (K, K)."""
    own = np.diag(covariance)
    square = own[:, None] + own[None, :] - 2.0 * covariance
    return np.sqrt(np.where(square > 1e-12 * (own[:, None] + own[None, :]), square, 0.0))


def _covariance(draws: Floats) -> Floats:
    about = draws - draws.mean(axis=0)
    return np.asarray(about.T @ about / max(1, len(draws) - 1))


def _normals(covariance: Floats) -> Floats:
    """Normal vectors with this covariance: what bootstrap draws are but for their tails, which a handful of votes may
    make long. The chance is fixed."""
    values, vectors = np.linalg.eigh(covariance)
    sides = np.random.default_rng(0).standard_normal((_NORMALS, len(values)))
    return np.asarray(sides * np.sqrt(np.maximum(values, 0.0)) @ vectors.T)


def _largest(off: Floats, spread: Floats, pairs: tuple[NDArray[np.intp], NDArray[np.intp]], level: float) -> float:
    """The quantile at `level` of the largest studentized difference of `pairs`."""
    i, j = pairs
    over = np.divide(1.0, spread[i, j], out=np.zeros(i.size), where=spread[i, j] > 0.0)
    rows = max(1, _BLOCK // i.size)
    parts = [off[at : at + rows] for at in range(0, len(off), rows)]
    largest = np.concatenate([(np.abs(part[:, i] - part[:, j]) * over).max(axis=1) for part in parts])
    return float(np.quantile(largest, level))
