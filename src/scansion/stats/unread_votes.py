"""Votes that were cast and could not be read: how little one player may lead another, whatever they said.

One more vote for k over l moves the lead of i over j, in Bradley-Terry's log strengths, to first order by
(e_i - e_j)' H^-1 (e_k - e_l), where H is the information in all votes. Read H as a network of conductors: that is the
potential of k less that of l when a current runs from i to j (P. G. Doyle and J. L. Snell, "Random Walks and Electric
Networks", 1984).
The lead is least, then, where each unread vote goes to that one of its two players that is nearer to j. That filling
is looked for in turns: unread votes are left out, or half a win for each, then given to the nearer players; ratings are
fitted, and potentials taken anew. So votes between two others count too, as they should.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scansion.stats.bradley_terry import BradleyTerry, potentials
from scansion.stats.units import Floats
from scansion.stats.votes import Counts

__all__ = ["least_leads"]

_BLOCK = 1 << 19
_TURNS = 2

Numbers = NDArray[np.intp]


def least_leads(counts: Counts, unread: Floats, pairs: NDArray[np.bool_]) -> Floats:
    """The least lead of i over j in log strength, (K, K), of the marked `pairs` (K, K); minus infinity elsewhere.

    `counts` are the votes that were read, `unread` (K, K), symmetric, how many of each two players were not. The search
    is a local one, from two starts: it may miss the least by a little.
    """
    lead = np.full(pairs.shape, -np.inf)
    i, j = np.nonzero(pairs)
    starts = [counts, Counts(counts.wins, counts.ties + unread)]
    fits = [BradleyTerry(start) for start in starts]
    rows = max(1, _BLOCK // counts.players**2)
    for at in range(0, i.size, rows):
        ends = i[at : at + rows], j[at : at + rows]
        found = [_least(counts, unread, (start, fit), ends) for start, fit in zip(starts, fits, strict=True)]
        lead[ends] = np.minimum(*found)
    return lead


def _least(counts: Counts, unread: Floats, start: tuple[Counts, BradleyTerry], ends: tuple[Numbers, Numbers]) -> Floats:
    """The least lead (B,) of each pair of `ends` that is found from the votes of `start` and their fit."""
    first, second = np.nonzero(np.triu(unread, 1))
    many, row = unread[first, second], np.arange(ends[0].size)
    filled, fit = Counts(start[0].wins[None], start[0].ties[None]), start[1]
    log, least = np.repeat(fit.log[None], row.size, axis=0), np.full(row.size, np.inf)
    for _ in range(_TURNS):
        potential = potentials(filled, log, ends)
        nearer = potential[:, first] > potential[:, second]  # whether the second player is nearer to j
        wins = np.repeat(counts.wins[None], row.size, axis=0)
        wins[:, first, second] += many * ~nearer
        wins[:, second, first] += many * nearer
        filled = Counts(wins, counts.ties[None])
        log = fit(filled)
        least = np.minimum(least, log[row, ends[0]] - log[row, ends[1]])
    return least
