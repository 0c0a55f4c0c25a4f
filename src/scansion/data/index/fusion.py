"""Reciprocal rank fusion: several rankings of the same rows made into one.

Follows Cormack, Clarke and Buettcher, Reciprocal rank fusion outperforms Condorcet and individual rank learning methods
(SIGIR 2009): a row scores the sum of 1 / (60 + rank) over the rankings that have it, ranks counted from 1.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["fused"]

_DAMPING = 60


def fused(rankings: Iterable[Iterable[int]], k: int | None = None) -> list[int]:
    """The first `k` rows (default: all) of the rankings taken together; ties by row."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (_DAMPING + rank)
    return sorted(scores, key=lambda row: (-scores[row], row))[:k]
