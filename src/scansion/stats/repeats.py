"""What several calls on one example are worth: pass@k, pass^k, majority@k and best-of-k.

An example was asked n times; what would k <= n of those calls have given? Each function averages over all subsets of k
of the n calls, which has less noise than the first k and no bias. Each gives one number an example; means and intervals
over examples are made of these (`mean_interval`), since the calls on one example are no independent evidence.

pass@k: at least one of k is right. Chen et al. 2021, "Evaluating Large Language Models Trained on Code" (arXiv
2107.03374), equation 1. pass^k: all k are right. Yao et al. 2024, "tau-bench" (arXiv 2406.12045), section 2.
majority@k: the answer that most of k give is right. Wang et al. 2022 (arXiv 2203.11171). best-of-k: the highest of k
scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

from scansion.stats.units import Floats

__all__ = ["EXACT", "best_of_k", "majority_at_k", "pass_at_k", "pass_hat_k"]

EXACT = 50
"""Up to so many calls an example `majority_at_k` counts subsets; above it draws `DRAWS` of them."""

DRAWS = 4000


def pass_at_k(n: Any, c: Any, k: int) -> Floats:
    """The chance that at least one of k calls, drawn without replacement from n of which c are right, is right.

    `n` and `c` are whole numbers or arrays that broadcast; the result is one number in 0 .. 1 an example:
    1 - C(n - c, k) / C(n, k), an unbiased estimate of 1 - (1 - p)^k. Raises ValueError unless 0 <= c <= n and
    1 <= k <= n everywhere.
    """
    total, right = _counts(n, c, k)
    return 1.0 - _all_drawn(total, total - right, k)


def pass_hat_k(n: Any, c: Any, k: int) -> Floats:
    """The chance that all of k calls, drawn without replacement from n of which c are right, are right.

    As `pass_at_k`: C(c, k) / C(n, k) an example, an unbiased estimate of p^k.
    """
    total, right = _counts(n, c, k)
    return _all_drawn(total, right, k)


def best_of_k(scores: Any, k: int) -> Floats:
    """The expected highest score of k calls drawn without replacement from an example's n.

    `scores` is examples x n (or one example's n), finite. With the scores sorted upwards, the i-th is the highest of
    C(i - 1, k - 1) of the C(n, k) subsets (the distribution of the largest order statistic; David and Nagaraja, "Order
    Statistics", 3rd ed. 2003, section 3.7, finite populations). Raises ValueError for a k outside 1 .. n and scores
    that are not finite.
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64), axis=-1)
    if not np.isfinite(ordered).all():
        raise ValueError("scores must be finite numbers: leave unscored calls out")
    return np.asarray(ordered @ _highest(ordered.shape[-1], k), dtype=np.float64)


def majority_at_k(votes: Sequence[int], scores: Sequence[float], k: int, silent: int = 0, seed: int = 0) -> float:
    """The expected score of the answer that most of k calls give, the k drawn without replacement from one example's.

    `votes` are how many calls gave each answer, `scores` what each answer scores, `silent` the calls without an answer;
    where all k are silent the score is 0. Ties go to the answer reached first, which in a random order is each of the
    tied alike. Exact by counting subsets up to `EXACT` calls, the mean of `DRAWS` random subsets above. Raises
    ValueError for columns of unequal length, negative counts and a k outside 1 .. n.
    """
    n = sum(votes) + silent
    if len(votes) != len(scores) or min([*votes, silent]) < 0:
        raise ValueError("votes and scores must be as many, and no count below 0")
    if not 1 <= k <= n:
        raise ValueError(f"k is {k}; it must be from 1 to {n}, the number of calls")
    wins = _wins(tuple(votes), silent, k) if n <= EXACT else _drawn_wins(tuple(votes), silent, k, seed)
    return float(np.dot(wins, np.asarray(scores, dtype=np.float64))) if votes else 0.0


@lru_cache(1 << 14)
def _wins(votes: tuple[int, ...], silent: int, k: int) -> tuple[float, ...]:
    """For each answer the share of the subsets of k that it wins, ties shared."""
    subsets = comb(sum(votes) + silent, k)

    def wins(at: int) -> float:
        others = votes[:at] + votes[at + 1 :]
        most = min(votes[at], k)
        return sum(comb(votes[at], top) * _others(others, silent, k - top, top) for top in range(1, most + 1))

    return tuple(wins(at) / subsets for at in range(len(votes)))


def _others(votes: tuple[int, ...], silent: int, rest: int, top: int) -> float:
    """The ways to draw `rest` calls from the others, none of whose answers has more than `top`; with j of them at
    `top` a way counts as 1 / (1 + j)."""
    ways: dict[tuple[int, int], int] = {(drawn, 0): comb(silent, drawn) for drawn in range(min(silent, rest) + 1)}
    for count in votes:
        grown: dict[tuple[int, int], int] = {}
        for (drawn, tied), before in ways.items():
            for more in range(min(count, top, rest - drawn) + 1):
                at = (drawn + more, tied + (more == top))
                grown[at] = grown.get(at, 0) + before * comb(count, more)
        ways = grown
    return sum(number / (1 + tied) for (drawn, tied), number in ways.items() if drawn == rest)


@lru_cache(1 << 14)
def _drawn_wins(votes: tuple[int, ...], silent: int, k: int, seed: int) -> tuple[float, ...]:
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric([*votes, silent], k, size=DRAWS)[:, :-1]
    top = drawn.max(axis=1, keepdims=True)
    first = (drawn == top) & (top > 0)
    shares = first / np.maximum(first.sum(axis=1, keepdims=True), 1)
    return tuple(shares.mean(axis=0).tolist())


def _highest(n: int, k: int) -> Floats:
    """For each place of n sorted scores, the share of the subsets of k in which it is the highest."""
    if not 1 <= k <= n:
        raise ValueError(f"k is {k}; it must be from 1 to {n}, the number of calls an example")
    rank = np.arange(1, n + 1, dtype=np.float64)
    below = _all_drawn(np.full(n, float(n)), rank, k)  # the highest is at this place or below
    return np.diff(below, prepend=0.0)


def _counts(n: Any, c: Any, k: int) -> tuple[Floats, Floats]:
    total, right = np.broadcast_arrays(np.asarray(n, dtype=np.float64), np.asarray(c, dtype=np.float64))
    if not (np.isfinite(total).all() and (total == np.floor(total)).all() and (right == np.floor(right)).all()):
        raise ValueError("n and c must be whole numbers")
    if total.size and (right.min() < 0.0 or (right > total).any()):
        raise ValueError("c, the calls that are right, must be from 0 to n")
    if k < 1 or (total.size and total.min() < k):
        raise ValueError(f"k is {k}; it must be from 1 to the fewest calls of an example")
    return total, right


def _all_drawn(n: Floats, c: Floats, k: int) -> Floats:
    """C(c, k) / C(n, k): the chance that k of n drawn are all among c. A product of k ratios, so nothing overflows."""
    share = np.ones(np.shape(n))
    for taken in range(k):
        share = share * np.maximum(c - taken, 0.0) / (n - taken)
    return share
