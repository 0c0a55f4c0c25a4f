"""Other rankings from a count matrix: counting, average win rate, eigenvector, PageRank, Newman.

Each takes `Counts` of K players and gives K scores. They follow the conventions of evalica (D. Ustalov, "Reliable,
reproducible, and really fast leaderboards with Evalica", COLING 2025, arXiv 2412.11314), whose published tables they
reproduce to 1e-11: a win is 1, a tie is 1/2 for each side. Iterations start from equal scores and end when these move
by less than `tolerance` of their length, or after `most` steps (an eigenvector may turn in a circle for ever). Read
them as descriptions: but for `newman`, none has a model of the votes' noise.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scansion.stats.comparison_graph import is_rateable
from scansion.stats.units import Floats
from scansion.stats.votes import Counts

__all__ = ["average_win_rate", "counting", "eigen", "newman", "pagerank"]

_TOLERANCE = 1e-13
_MOST_STEPS = 10_000


def counting(counts: Counts) -> Floats:
    """Points won: 1 a win, 1/2 a tie. Favours whoever was asked about most."""
    return np.asarray(counts.points.sum(axis=-1))


def average_win_rate(counts: Counts) -> Floats:
    """The share of points won of each opponent, averaged over the opponents that a player met; 0 without any."""
    games = counts.games
    rates = np.divide(counts.points, games, out=np.zeros_like(games), where=games > 0.0)
    return np.asarray(rates.sum(axis=-1) / np.maximum((games > 0.0).sum(axis=-1), 1))


def eigen(counts: Counts, *, tolerance: float = _TOLERANCE, most: int = _MOST_STEPS) -> Floats:
    """The leading eigenvector of the matrix of points lost, of length 1: LOW is good, since it adds up the scores of
    those that a player lost to (after M. G. Kendall, "Further contributions to the theory of paired comparisons",
    Biometrics 11:43, 1955, with evalica's orientation)."""
    return _settled(lambda s: _unit(counts.points.T @ s), _even(counts.players), tolerance, most)


def pagerank(
    counts: Counts, *, damping: float = 0.85, tolerance: float = _TOLERANCE, most: int = _MOST_STEPS
) -> Floats:
    """PageRank, summing to 1: a walk goes from a player to one that beat it, and with chance 1 - `damping` anywhere.

    Source: S. Brin and L. Page, "The anatomy of a large-scale hypertextual Web search engine", Computer Networks and
    ISDN Systems 30:107, 1998.
    """
    k = counts.players
    lost = counts.points.T
    total = lost.sum(axis=1, keepdims=True)
    onward = np.divide(lost, total, out=np.full_like(lost, 1.0 / max(k, 1)), where=total > 0.0)
    walk = damping * onward + (1.0 - damping) / max(k, 1)
    found = _settled(lambda s: _unit(walk.T @ s), _even(k), tolerance, most)
    return found / found.sum() if k else found


def newman(counts: Counts, *, tolerance: float = _TOLERANCE, most: int = _MOST_STEPS) -> Floats:
    """Strengths under Davidson's model of ties, by Newman's iteration from strengths of 1 and a tie parameter of 1/2.

    The scale is where the iteration leaves it: only ratios mean anything. Source: M. E. J. Newman, "Efficient
    computation of rankings from pairwise comparisons", J Mach Learn Res 24(238):1, 2023, section on ties. See
    `davidson` for the same model solved to the end, with a scale. Where the votes do not tie all players together
    (`is_rateable`), each has half a win and half a loss more, against a made-up player of strength 1.
    """
    points, tied, prior = counts.points, 0.5, 0.0 if is_rateable(counts.points[None])[0] else 1.0

    def step(s: Floats) -> Floats:
        nonlocal tied
        middle, sums = np.sqrt(np.outer(s, s)), s[:, None] + s[None, :]
        whole = sums + 2.0 * tied * middle
        with np.errstate(divide="ignore", invalid="ignore"):
            more = 0.5 * prior / (s + 1.0)
            up = (points * (s[None, :] + tied * middle) / whole).sum(axis=1) + more
            down = (points.T * (1.0 + tied * np.sqrt(s[None, :] / s[:, None])) / whole).sum(axis=1) + more
            share = (counts.ties * sums / whole).sum() / 2.0
            tied = float(np.nan_to_num(share / (2.0 * (counts.wins * middle / whole).sum()), nan=0.0))
            return np.asarray(np.nan_to_num(up / down, nan=0.0))

    return _settled(step, np.ones(counts.players), tolerance, most)


def _settled(step: Callable[[Floats], Floats], scores: Floats, tolerance: float, most: int) -> Floats:
    for _ in range(most if scores.size else 0):
        before, scores = scores, step(scores)
        if np.linalg.norm(scores - before) <= tolerance * np.linalg.norm(scores):
            break
    return scores


def _even(players: int) -> Floats:
    return np.full(players, 1.0 / max(players, 1))


def _unit(scores: Floats) -> Floats:
    return np.asarray(scores / (np.linalg.norm(scores) or 1.0))
