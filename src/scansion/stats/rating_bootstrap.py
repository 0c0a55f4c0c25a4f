"""How far ratings may be off: they are computed anew from votes drawn with replacement from those that there are.

Votes that stand alone are drawn as counts: a multinomial over the cells of the count matrix has the very distribution
of drawing votes one by one, and its cost does not grow with their number. Where votes cluster, as those on one question
or by one voter do, whole clusters are drawn, each with its own count matrix: a sum of matrices with random weights.

Sources: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993; clusters: A. C. Davison and D. V.
Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8. With G units, spreads are widened by
sqrt(G / (G - 1)) and by t over normal quantiles, since the bootstrap of few units is too narrow: T. C. Hesterberg,
"What teachers should know about the bootstrap", Am Stat 69:371, 2015 (expanded percentile interval).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct

from scansion.stats.special import normal_cdf, normal_ppf, t_ppf
from scansion.stats.units import Floats
from scansion.stats.votes import Ballot, Counts, Whole

__all__ = ["drawn_counts", "drawn_ratings", "percentile_intervals", "widening"]

_BLOCK = 1 << 17
"""Entries of the matrices that are held at a time: 1 MB each."""
_PER_CELL = 8
"""Votes a cell from which on counts are drawn in place of votes."""
_DENSE = 1 << 24
"""Entries of the table of units by cells above which it is not laid out."""


def drawn_ratings(votes: Ballot, rate: Callable[[Counts], Floats], rounds: int = 1000, seed: int = 0) -> Floats:
    """Ratings (rounds, K) of `rounds` drawings of the votes. `rate` takes counts (B, K, K) and gives ratings (B, K)."""
    return np.concatenate([rate(counts) for counts in drawn_counts(votes, rounds, seed)])


def drawn_counts(votes: Ballot, rounds: int, seed: int) -> Iterator[Counts]:
    """Count matrices of `rounds` drawings, some at a time, each with as many votes (or units) as there are.

    Raises ValueError without a vote.
    """
    if votes.count == 0:
        raise ValueError("there is no vote to draw from")
    rng = np.random.default_rng(seed)
    cells, place = np.unique(votes.cell, return_inverse=True)
    place = place.reshape(-1).astype(np.int64)
    most = max(1, _BLOCK // votes.players**2)
    draw = _single(place, votes.count) if votes.unit is None else _clustered(votes, place, len(cells))
    for start in range(0, rounds, most):
        found = draw(rng, min(most, rounds - start))
        full = np.zeros((len(found), 2 * votes.players**2))
        full[:, cells] = found
        yield votes.unfold(full)


Draw = Callable[[np.random.Generator, int], Floats]


def _single(place: Whole, votes: int) -> Draw:
    """Votes drawn one by one, as counts of cells: few of them as they are, many by `_multinomial`."""
    seen = np.bincount(place)

    def one_by_one(rng: np.random.Generator, rounds: int) -> Floats:
        drawn = [np.bincount(place[rng.integers(0, votes, votes)], minlength=seen.size) for _ in range(rounds)]
        return np.array(drawn, dtype=np.float64)

    if votes < _PER_CELL * seen.size:
        return one_by_one
    return lambda rng, rounds: _multinomial(seen, place, rng, rounds).astype(np.float64)


def _multinomial(seen: Whole, place: Whole, rng: np.random.Generator, rounds: int) -> Whole:
    """Multinomial counts, (rounds, cells), of as many draws as there are votes, `seen` of them in each cell.

    Poisson counts are multinomial given their total, whatever that comes to, so a little fewer than all are drawn as
    such and the rest one by one: half the time of numpy's chain of binomials.
    """
    votes, cells = place.size, seen.size
    expected = seen * max(0.0, 1.0 - 4.0 / math.sqrt(votes))
    counts = rng.poisson(expected, size=(rounds, cells))
    while (many := np.flatnonzero(counts.sum(axis=1) > votes)).size:
        counts[many] = rng.poisson(expected, size=(many.size, cells))
    missing = votes - counts.sum(axis=1)
    row = np.repeat(np.arange(rounds), missing)
    rest = np.bincount(row * cells + place[rng.integers(0, votes, row.size)], minlength=rounds * cells)
    return np.asarray(counts + rest.reshape(rounds, cells), dtype=np.int64)


def _clustered(votes: Ballot, place: Whole, cells: int) -> Draw:
    """Whole units drawn: weights of units times their counts of cells."""
    assert votes.unit is not None
    units, unit = votes.units, votes.unit
    entry, times = np.unique(unit * cells + place, return_counts=True)
    of_unit, of_cell = entry // cells, entry % cells
    dense = np.zeros((units, cells)) if units * cells <= _DENSE else None
    if dense is not None:
        dense[of_unit, of_cell] = times

    def draw(rng: np.random.Generator, rounds: int) -> Floats:
        drawn = rng.integers(0, units, size=(rounds, units)) + np.arange(rounds)[:, None] * units
        weights = np.bincount(drawn.reshape(-1), minlength=rounds * units).reshape(rounds, units)
        if dense is not None:
            return np.asarray(weights.astype(np.float64) @ dense)
        sums = [np.bincount(of_cell, weights=w[of_unit] * times, minlength=cells) for w in weights]
        return np.asarray(sums)

    return draw


class Widening(Struct, frozen=True):
    """What makes up for few units: `factor` on a spread, `tail` in place of a percentile interval's (1 - level) / 2."""

    factor: float
    tail: float


def widening(units: int, level: float) -> Widening:
    """The widening for this many units; needs two."""
    normal = normal_ppf(0.5 * (1.0 + level))
    factor = math.sqrt(units / (units - 1)) * t_ppf(0.5 * (1.0 + level), units - 1) / normal
    return Widening(factor, normal_cdf(-factor * normal))


def percentile_intervals(draws: Floats, units: int, level: float = 0.95) -> tuple[Floats, Floats]:
    """The lower and upper limits, (K,) each, of intervals at `level` from drawn ratings (rounds, K)."""
    tail = widening(units, level).tail
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    return np.asarray(low), np.asarray(high)
