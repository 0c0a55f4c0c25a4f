"""Which pair to ask about next: the one whose vote is expected to narrow most what the order of all players hangs on.

Log strengths are taken as normal about Bradley-Terry's, with the covariance that the votes so far leave. Two players
matter by the density at 0 of their difference: how likely they are to be equals that nothing has told apart yet. The
gain of a pair is the sum, over all pairs of players, of that weight times what one more vote on the pair takes off the
variance of their difference, so a vote counts for all orders that it helps with. It is a Bayesian linear (L-optimal)
design: K. Chaloner and I. Verdinelli, "Bayesian experimental design: a review", Statist Sci 10:273, 1995. Neighbours
that were rarely asked about come first, and pairs whose order is plain are not asked again.

To choose several pairs at once, each is taken as answered before the next is chosen, which narrows the covariance
(Sherman and Morrison) and moves no strength. `bench/statistics/active_pairs.py` measures what the rule saves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from scansion.stats.bradley_terry import prior_fit
from scansion.stats.special import normal_cdf
from scansion.stats.units import Floats
from scansion.stats.votes import Counts

__all__ = ["Pair", "next_pairs"]


class Pair(Struct, frozen=True):
    """Two players, `first` the stronger by the votes so far. `uncertain` is the chance (to 1/2) that it is not; `gain`
    is what one more vote is expected to bring, comparable within one list."""

    first: int
    second: int
    uncertain: float
    gain: float


def next_pairs(counts: Counts, number: int = 1) -> list[Pair]:
    """The `number` pairs to ask about next, the most telling first; a pair may come several times.

    Each player has one tie more, with a made-up player of mean strength, so that one without votes is only uncertain.
    Raises ValueError for fewer than two players.
    """
    if counts.players < 2:
        raise ValueError("a pair needs two players")
    log, covariance = prior_fit(counts)
    return list(_chosen(log, covariance, number))


def _chosen(log: Floats, covariance: Floats, number: int) -> Iterator[Pair]:
    gap = log[:, None] - log[None, :]
    told = 1.0 / (2.0 + np.exp(gap) + np.exp(-gap))  # p (1 - p): the information in a vote
    for _ in range(number):
        variance = _variances(covariance)
        gain = _gains(gap, told, covariance, variance)
        i, j = divmod(int(np.triu(gain, 1).argmax()), len(log))
        first, second = (i, j) if gap[i, j] >= 0.0 else (j, i)
        yield Pair(first, second, normal_cdf(-abs(gap[i, j]) / variance[i, j] ** 0.5), float(gain[i, j]))
        spread = covariance[:, i] - covariance[:, j]
        taken = told[i, j] / (1.0 + told[i, j] * variance[i, j])
        covariance = covariance - taken * np.outer(spread, spread)


def _variances(covariance: Floats) -> Floats:
    """The variances (K, K) of all differences."""
    own = np.diag(covariance)
    return np.asarray(np.maximum(own[:, None] + own[None, :] - 2.0 * covariance, 1e-12))


def _gains(gap: Floats, told: Floats, covariance: Floats, variance: Floats) -> Floats:
    """The gain (K, K) of one more vote on each pair.

    A vote on (i, j) takes (c_k - c_l)^2 t / (1 + t v_ij) off the variance of k - l, where c is column i of the
    covariance less column j and t the information in the vote; weighted and summed over k and l, that is a quadratic
    form in c with the Laplacian of the weights.
    """
    weight = np.exp(-0.5 * gap**2 / variance) / np.sqrt(variance)
    np.fill_diagonal(weight, 0.0)
    laplacian = np.diag(weight.sum(axis=1)) - weight
    form = covariance @ laplacian @ covariance
    own = np.diag(form)
    return np.asarray(told * (own[:, None] + own[None, :] - 2.0 * form) / (1.0 + told * variance))
