"""Bradley-Terry with ties of their own: Davidson's model.

With strengths s and a tie parameter v, i beats j with chance s_i / D and they tie with chance v sqrt(s_i s_j) / D,
where D = s_i + s_j + v sqrt(s_i s_j): ties are likeliest between equals. Source: R. R. Davidson, "On extending the
Bradley-Terry model to accommodate ties in paired comparison experiments", J Am Stat Assoc 65:317, 1970. A tie tells
here that two are alike, so that strengths lie further apart than where it is half a win; in both models they depend
only on who met whom and on the points that each won, ties half, and the order of players is nearly always the same.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from scansion.stats.bradley_terry import bradley_terry
from scansion.stats.bradley_terry import covariance as bradley_terry_covariance
from scansion.stats.comparison_graph import has_cycle, is_rateable
from scansion.stats.units import Floats
from scansion.stats.votes import Counts

__all__ = ["Davidson", "covariance", "davidson", "outcome_probabilities"]

_MOST_STEPS = 200
_LONGEST_STEP = math.log(2.0)


class Davidson(Struct, frozen=True):
    """`log` strengths (K,) of mean 0 and the tie parameter, from 0 (no tie) up; two equals tie with chance
    `tie` / (2 + `tie`). Infinite where every vote was a tie."""

    log: Floats
    tie: float


def davidson(counts: Counts, *, start: Davidson | None = None, tolerance: float = 1e-10) -> Davidson:
    """The most likely strengths and tie parameter for counts (K, K), by Newton's method.

    Where the votes do not tie all players together (`is_rateable`), or no win contradicts another so that ties could be
    as likely as one likes, each is given half a win and half a loss more against a made-up player of mean strength.
    """
    if not counts.ties.any():
        return Davidson(bradley_terry(counts), 0.0)
    if not counts.wins.any():
        return Davidson(np.zeros(counts.players), math.inf)
    prior = 1.0 if _needs_prior(counts) else 0.0
    usable = start if start is not None and 0.0 < start.tie < math.inf else Davidson(np.zeros(counts.players), 1.0)
    x = np.append(usable.log, math.log(usable.tie))
    for _ in range(_MOST_STEPS):
        gradient, hessian = _derivatives(counts, x, prior)
        step = np.linalg.solve(hessian, gradient)
        width = float(np.ptp(step[:-1])) + abs(float(step[-1]))
        x = x + step * min(1.0, _LONGEST_STEP / max(width, 1e-300))
        if width <= tolerance:
            break
    return Davidson(x[:-1] - x[:-1].mean(), math.exp(x[-1]))


def covariance(counts: Counts, found: Davidson) -> Floats:
    """The covariance (K, K) of the log strengths `found`, taken about their mean, whatever the tie parameter: the
    inverse of the observed information. Bradley-Terry's where every vote or none was a tie."""
    if not 0.0 < found.tie < math.inf:
        return bradley_terry_covariance(counts, found.log)
    x = np.append(found.log, math.log(found.tie))
    own = np.linalg.inv(_derivatives(counts, x, 1.0 if _needs_prior(counts) else 0.0)[1])[:-1, :-1]
    about = own - own.mean(axis=0, keepdims=True)
    return np.asarray(about - about.mean(axis=1, keepdims=True))


def outcome_probabilities(log: Floats, tie: float) -> tuple[Floats, Floats]:
    """The chances that row beats column and that the two tie, (K, K) each, from log strengths and tie parameter."""
    if math.isinf(tie):
        return np.zeros((log.size, log.size)), np.ones((log.size, log.size))
    half = 0.5 * (log[:, None] - log[None, :])
    whole = np.exp(half) + np.exp(-half) + tie
    return np.exp(half) / whole, tie / whole


def _needs_prior(counts: Counts) -> bool:
    """Whether no strengths and tie parameter are likeliest: see `davidson`. Without a tie, `bradley_terry` has its own
    answer; with nothing else the tie parameter is infinite."""
    return not (is_rateable(counts.points[None])[0] and (has_cycle(counts.wins) or not counts.ties.any()))


def _derivatives(counts: Counts, x: Floats, prior: float) -> tuple[Floats, Floats]:
    """The gradient (K + 1,) of the log-likelihood and minus its Hessian, in log strengths and the log tie parameter.

    As in `bradley_terry`, a term in which no step has a part makes up for the common shift of all strengths.
    """
    log, k, games = x[:-1], counts.players, counts.games
    win, tie = outcome_probabilities(log, math.exp(x[-1]))
    points = win + 0.5 * tie
    own = 1.0 / (1.0 + np.exp(-log))
    gradient = np.append(
        (counts.points - games * points).sum(axis=1) - prior * (own - 0.5),
        0.5 * (counts.ties - games * tie).sum(),
    )
    spread = games * (win + 0.25 * tie - points**2)
    diagonal = spread.sum(axis=1) + prior * own * (1.0 - own)
    mixed = (games * tie * (0.5 - points)).sum(axis=1)
    hessian = np.zeros((k + 1, k + 1))
    hessian[:k, :k] = np.diag(diagonal) - spread + (0.0 if prior else diagonal.mean() / k)
    hessian[:k, k] = hessian[k, :k] = mixed
    hessian[k, k] = 0.5 * (games * tie * (1.0 - tie)).sum()
    return gradient, hessian
