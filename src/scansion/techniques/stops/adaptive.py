"""Adaptive-Consistency: no more calls once the leading answer is unlikely to change."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from scansion.errors import InputError
from scansion.techniques._stops import Rule, stop

__all__ = ["GROWTH", "THRESHOLD", "adaptive"]

THRESHOLD = 0.935
"""Chosen by `bench/statistics/votes.py`; the figures stand in docs/statistics.md."""

GROWTH = 0.5
"""A batch is at least this share of the calls made so far, so that rounds are few where answers stay divided."""


@stop("adaptive")
def adaptive(threshold: float = THRESHOLD) -> Rule:
    """Stops once the leading answer would win the vote of all n calls with a chance of at least `threshold`.

    Each batch has as many calls as it takes at least until that can be so, which wastes none, and no fewer than half of
    those made before, which keeps the rounds few: 2 on average and at most 7 of 40 calls, 10 of 100. With `adaptive(1)`
    the answer is always that of all n calls.

    Follows Aggarwal et al. 2023, Let's Sample Step by Step: Adaptive-Consistency (arXiv 2305.11860), Beta criterion,
    for the calls that are left; see `scansion/stats/leader.py`.

    Example: `vote(40, stop=adaptive(0.95))`
    """
    from scansion.stats.leader import fewest_more, top_two

    if not 0.5 < threshold <= 1.0:
        raise InputError(f"adaptive: threshold is {threshold:g}; it must be above 0.5 and at most 1, such as 0.9")

    def rule(votes: Sequence[int], asked: int, n: int) -> int:
        first, second, wins_ties = top_two(votes)
        needed = fewest_more(first, second, n - asked, threshold, wins_ties)
        return max(needed, ceil(GROWTH * asked)) if needed else 0

    return rule
