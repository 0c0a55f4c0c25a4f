"""Elo: after each vote the winner takes points from the loser, the more the less its win was expected.

Source: A. E. Elo, "The rating of chessplayers, past and present", 1978. Ratings depend on the order of the votes, and
the last ones count most: right for players that change, a needless noise for those that do not. Bradley-Terry's ratings
(`bradley_terry`, `elo_scale`) are what Elo's hover around when the same votes come again and again in any order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scansion.stats.bradley_terry import ELO_MEAN
from scansion.stats.units import Floats
from scansion.stats.votes import Ballot

__all__ = ["elo", "elo_draws"]


def elo(votes: Ballot, *, k: float = 4.0) -> Floats:
    """Ratings after all votes in their order, (K,), from 1000 each; a vote moves at most `k` points. A tie is half a
    win. 400 points more are odds of 10 to 1."""
    ratings = [ELO_MEAN] * votes.players
    for i, j, points in zip(*(each.tolist() for each in _sides(votes)), strict=True):
        move = k * (points - 1.0 / (1.0 + 10.0 ** ((ratings[j] - ratings[i]) / 400.0)))
        ratings[i] += move
        ratings[j] -= move
    return np.array(ratings)


def elo_draws(votes: Ballot, rounds: int, seed: int, *, k: float = 4.0) -> Floats:
    """Ratings (rounds, K) of votes drawn anew, with replacement: whole units where votes have them.

    A round keeps the order of the votes, so that its ratings are those of the same time: a shuffled one would lie about
    the players' mean over all times. All rounds go through their votes side by side.
    """
    rng = np.random.default_rng(seed)
    first, second, points = _sides(votes)
    order = _drawn(votes, rounds, rng)
    ratings = np.full((rounds, votes.players + 1), ELO_MEAN)  # one more, whom short rounds move
    row = np.arange(rounds)
    first, second = (np.append(each, votes.players) for each in (first, second))
    points = np.append(points, 0.5)
    for at in range(order.shape[1]):
        vote = order[:, at]
        i, j = first[vote], second[vote]
        gap = ratings[row, j] - ratings[row, i]
        move = k * (points[vote] - 1.0 / (1.0 + 10.0 ** (gap / 400.0)))
        ratings[row, i] += move
        ratings[row, j] -= move
    return ratings[:, :-1]


def _sides(votes: Ballot) -> tuple[Any, Any, Floats]:
    """Each vote's first and second player and the points of the first."""
    k = votes.players
    place = votes.cell % (k * k)
    return place // k, place % k, np.where(votes.cell >= k * k, 0.5, 1.0)


def _drawn(votes: Ballot, rounds: int, rng: np.random.Generator) -> Any:
    """The votes of each round, (rounds, most): numbers of votes, and the number of votes itself to fill a row."""
    if votes.unit is None:
        return np.sort(rng.integers(0, votes.count, size=(rounds, votes.count)), axis=1)
    members = np.split(np.argsort(votes.unit, kind="stable"), np.cumsum(np.bincount(votes.unit))[:-1])
    drawn = [np.concatenate([members[u] for u in rng.integers(0, len(members), len(members))]) for _ in range(rounds)]
    order = np.full((rounds, max(map(len, drawn))), votes.count)
    for row, found in zip(order, drawn, strict=True):
        row[: len(found)] = np.sort(found)
    return order
