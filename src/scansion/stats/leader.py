"""Whether the leading answer of a poll is likely to stay ahead.

Adaptive-Consistency's Beta criterion (Aggarwal, Madaan, Yang and Mausam 2023, "Let's Sample Step by Step", arXiv
2305.11860, section 3): given v1 votes for the leading answer and v2 for the next, and nothing known before, the share
of the first among the two is Beta(v1 + 1, v2 + 1); its chance to be above one half says how sure the lead is.

That is the chance that the leader wins a poll without end. A poll of n calls has an end, so only the calls that are
left can turn it: how many of these go to the leader is beta-binomial with the same Beta, and the chance that it still
leads after them is at least the criterion's, and becomes it where many are left. Plain floats, no numpy: this is asked
between the calls of an outcome.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from scansion.stats.special import beta_cdf

__all__ = ["fewest_more", "lead_probability", "stay_probability", "top_two"]


@lru_cache(1 << 14)
def lead_probability(first: int, second: int) -> float:
    """The chance that the answer with `first` votes is truly ahead of that with `second`: I_1/2(second + 1, first + 1).

    0.5 where they are equal; 1 - 2^-(v + 1) where all v votes agree. Raises ValueError for negative counts.
    """
    _check(first, second, 0)
    return beta_cdf(0.5, second + 1.0, first + 1.0)


@lru_cache(1 << 14)
def stay_probability(first: int, second: int, left: int, wins_ties: bool = True) -> float:
    """The chance that the answer with `first` >= `second` votes still leads after `left` further votes for one of both.

    The further votes for the leader are beta-binomial(left; first + 1, second + 1); `wins_ties` says whether it leads
    in a tie, as where ties go to the answer reached first. Exactly 1 where `left` votes cannot change who leads;
    `lead_probability` in the limit of many. Raises ValueError for negative counts.
    """
    _check(first, second, left)
    behind = second + left - first  # the leader needs more than half of this, or half where it wins ties
    needed = -(-behind // 2) if wins_ties else behind // 2 + 1
    if needed <= 0:
        return 1.0
    chance = math.fsum(_gains(x, first, second, left) for x in range(needed, left + 1))
    return min(chance, math.nextafter(1.0, 0.0))  # only certainty is 1, whatever is rounded


@lru_cache(1 << 14)
def fewest_more(first: int, second: int, left: int, threshold: float, wins_ties: bool = True) -> int:
    """The fewest of `left` further votes, all for the leader, after which `stay_probability` is at least `threshold`.

    0 where it is so already, `left` where only the end can tell; an answer without a vote leads nothing. With a
    threshold of 1 the answer is certain to be that of all votes.
    """
    _check(first, second, left)

    def enough(more: int) -> bool:
        return stay_probability(first + more, second, left - more, wins_ties) >= threshold

    if left == 0 or (first and enough(0)):
        return 0
    return 1 + bisect_left(range(1, left), True, key=enough)


def top_two(votes: Sequence[int]) -> tuple[int, int, bool]:
    """The two highest counts (0 where there are fewer), and whether the leader wins ties with all others.

    `votes` stand in the order in which the answers were reached; ties go to the one reached first.
    """
    if not votes:
        return 0, 0, True
    leader = votes.index(max(votes))
    others = [*votes[:leader], *votes[leader + 1 :]]
    second = max(others, default=0)
    return votes[leader], second, second not in votes[:leader]


def _gains(x: int, first: int, second: int, left: int) -> float:
    """The chance that `x` of `left` further votes go to the leader: the beta-binomial mass."""
    ways = math.lgamma(left + 1) - math.lgamma(x + 1) - math.lgamma(left - x + 1)
    return math.exp(ways + _log_beta(first + 1 + x, second + 1 + left - x) - _log_beta(first + 1, second + 1))


def _log_beta(a: int, b: int) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _check(first: int, second: int, left: int) -> None:
    if min(first, second, left) < 0:
        raise ValueError("votes must be 0 or more")
