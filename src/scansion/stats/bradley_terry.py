"""Bradley-Terry: the chance that i is preferred to j is s_i / (s_i + s_j), with a strength s for each player.

Source: R. A. Bradley and M. E. Terry, "Rank analysis of incomplete block designs. I", Biometrika 39:324, 1952. A tie
counts as half a win for each side, as in evalica and most published tables; `davidson` models ties instead.

The most likely strengths are found by Newton's method on the count matrix, its steps shortened so that no log-odds
moves by more than 3. Should that not settle, by no more than ln 2, which makes the likelihood rise at every step (the
Hessian of a logistic loss changes by at most exp of that: F. Bach, "Self-concordant analysis for logistic regression",
Electron J Statist 4:384, 2010).

Where the votes do not tie all players together (`comparison_graph`), the likeliest strengths are infinite. Then, and
only then, each player is given one tie more, with a made-up player of mean strength.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scansion.stats.comparison_graph import Flags, is_rateable
from scansion.stats.units import Floats
from scansion.stats.votes import Counts

__all__ = [
    "ELO_MEAN",
    "ELO_PER_LOG",
    "BradleyTerry",
    "bradley_terry",
    "covariance",
    "elo_scale",
    "potentials",
    "prior_fit",
    "win_probability",
]

ELO_PER_LOG = 400.0 / math.log(10.0)
"""Points of an Elo scale for one unit of log strength: 400 points are odds of 10 to 1."""
ELO_MEAN = 1000.0

_MOST_STEPS = 200
_CHORDS = 12
_BOLD_STEPS, _BOLD, _SAFE = 40, 3.0, math.log(2.0)


class BradleyTerry:
    """Fits many sets of votes near one: the bootstrap's rounds, started from the ratings of all votes.

    Called with counts (B, K, K) it gives log strengths (B, K), each row of mean 0. It first tries steps with the one
    inverse Hessian of all votes, which cost no linear algebra, and solves what these do not settle by Newton. Strengths
    are good to about `tolerance`, 0.002 Elo points as it stands, which is nothing beside their spread.
    """

    def __init__(self, counts: Counts) -> None:
        self.log = bradley_terry(counts)
        prior = _prior(counts.points[None])
        self._inverse = np.linalg.inv(_hessian(self.log[None], counts.games[None], prior)[0])

    def __call__(self, counts: Counts, tolerance: float = 1e-5) -> Floats:
        points, games = counts.points, counts.games
        prior = _prior(points)
        x, settled = self._chords(points.sum(axis=-1), games, prior, tolerance)
        if not settled.all():
            left = ~settled
            start = np.broadcast_to(self.log, (int(left.sum()), len(self.log)))
            x[left] = _newton(points[left], prior[left], start, tolerance)
        return np.asarray(x - x.mean(axis=-1, keepdims=True))

    def _chords(self, won: Floats, games: Floats, prior: Floats, tolerance: float) -> tuple[Floats, Flags]:
        x = np.repeat(self.log[None], len(won), axis=0)
        size = np.full(len(won), np.inf)
        for _ in range(_CHORDS):
            step = _gradient(x, won, games, prior) @ self._inverse
            now = np.abs(step).max(axis=-1, initial=0.0)
            if (now > 2.0).any():  # far from all votes' ratings: Newton's work, and exp must not overflow
                step[now > 2.0], now = 0.0, np.where(now > 2.0, np.inf, now)
            x, size = x + step, now
            if (size < tolerance).all():
                break
        return x, size < tolerance


def bradley_terry(counts: Counts, *, tolerance: float = 1e-11) -> Floats:
    """The log strengths of the players, (K,), of mean 0, from counts (K, K).

    With one tie more for each player where the votes do not tie all together (see `is_rateable`).
    """
    points = counts.points[None]
    x = _newton(points, _prior(points), np.zeros((1, counts.players)), tolerance)[0]
    return np.asarray(x - x.mean()) if x.size else x


def covariance(counts: Counts, log: Floats) -> Floats:
    """The covariance (K, K) of log strengths (K,), taken about their mean: the inverse of the expected information.

    As in `bradley_terry`, the votes have one tie more for each player where they do not tie all together.
    """
    inverse = np.linalg.inv(_hessian(log[None], counts.games[None], _prior(counts.points[None]))[0])
    centred = inverse - inverse.mean(axis=0, keepdims=True)
    return np.asarray(centred - centred.mean(axis=1, keepdims=True))


def potentials(counts: Counts, log: Floats, ends: tuple[Any, Any]) -> Floats:
    """What one more win of each player over a player of potential 0 adds to the lead of ends[0] over ends[1], to first
    order: (B, K) for votes (B, K, K), or (1, K, K), their log strengths (B, K) and two players (B,) each."""
    row = np.arange(len(log))
    contrast = np.zeros_like(log)
    contrast[row, ends[0]], contrast[row, ends[1]] = 1.0, -1.0
    hessian = _hessian(log, counts.games, _prior(counts.points))
    return np.asarray(np.linalg.solve(hessian, contrast[..., None])[..., 0])


def prior_fit(counts: Counts) -> tuple[Floats, Floats]:
    """Log strengths (K,) and their covariance (K, K), with one tie more for each player whatever the votes: for what
    must be finite from the first vote on."""
    one, points = np.ones(1), counts.points[None]
    log = _newton(points, one, np.zeros((1, counts.players)), 1e-6)
    return log[0], np.linalg.inv(_hessian(log, counts.games[None], one)[0])


def win_probability(log: Floats) -> Floats:
    """The chance (K, K) that row is preferred to column, from log strengths (K,); a tie counts half."""
    return np.asarray(1.0 / (1.0 + np.exp(log[None, :] - log[:, None])))


def elo_scale(log: Floats) -> Floats:
    """Log strengths of mean 0 as points of an Elo scale of mean 1000, where 400 points are odds of 10 to 1."""
    return ELO_MEAN + ELO_PER_LOG * log


def _prior(points: Floats) -> Floats:
    """The ties that each player is given more, (B,)."""
    return np.where(is_rateable(points), 0.0, 1.0)


def _newton(points: Floats, prior: Floats, start: Floats, tolerance: float) -> Floats:
    """Log strengths (B, K) of votes (B, K, K), from `start`; rows that have settled take no more steps."""
    x, won, games = start.copy(), points.sum(axis=-1), points + np.swapaxes(points, -1, -2)
    busy = np.arange(len(x))
    for at in range(_MOST_STEPS if x.size else 0):
        gradient = _gradient(x[busy], won[busy], games[busy], prior[busy])
        step = np.linalg.solve(_hessian(x[busy], games[busy], prior[busy]), gradient[..., None])[..., 0]
        width, longest = step.max(axis=-1) - step.min(axis=-1), _BOLD if at < _BOLD_STEPS else _SAFE
        x[busy] += step * np.minimum(1.0, longest / np.maximum(width, 1e-300))[:, None]
        busy = busy[width > tolerance]
        if busy.size == 0:
            break
    return x


def _gradient(x: Floats, won: Floats, games: Floats, prior: Floats) -> Floats:
    s = np.exp(x)
    expected = s * (games / (s[:, :, None] + s[:, None, :])).sum(axis=-1)
    return np.asarray(won - expected - prior[:, None] * (s / (1.0 + s) - 0.5))


def _hessian(x: Floats, games: Floats, prior: Floats) -> Floats:
    """Minus the Hessian of the log-likelihood. Without the prior's ties a common shift of all strengths changes nothing
    there, so a term that no step has a part in makes it invertible."""
    s = np.exp(x)
    sums = s[:, :, None] + s[:, None, :]
    v = games * (s[:, :, None] / sums) * (s[:, None, :] / sums)
    own = v.sum(axis=-1) + prior[:, None] * s / (1.0 + s) ** 2
    k = x.shape[-1]
    hessian = -v + (np.where(prior > 0.0, 0.0, own.mean(axis=-1)) / max(k, 1))[:, None, None]
    at = np.arange(k)
    hessian[:, at, at] += own
    return np.asarray(hessian)
