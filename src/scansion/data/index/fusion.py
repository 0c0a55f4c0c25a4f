"""Reciprocal rank fusion: several rankings of the same rows made into one.

Follows Cormack, Clarke and Buettcher, Reciprocal rank fusion outperforms Condorcet and individual rank learning methods
(SIGIR 2009): a row scores the sum of 1 / (60 + rank) over the rankings that have it, ranks counted from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["fused"]

_DAMPING = 60


def fused(rankings: Iterable[Sequence[int]], k: int | None = None) -> list[int]:
    """The first `k` rows (default: all) of the rankings taken together; ties by row."""
    import numpy as np

    given = [np.asarray(ranking, np.int64) for ranking in rankings]
    if not given:
        return []
    rows, place = np.unique(np.concatenate(given), return_inverse=True)
    worth = np.concatenate([1 / (_DAMPING + 1 + np.arange(len(ranking))) for ranking in given])
    scores = np.bincount(place, worth, len(rows))
    found: list[int] = rows[np.lexsort((rows, -scores))][:k].tolist()
    return found
