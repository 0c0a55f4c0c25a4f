"""Votes between players: each says which of two was better, or that they tied; counted into matrices.

Everything that rates players works on two matrices of counts, however many votes there are: a rating from a million
votes among 100 players reads 10,000 numbers. A bootstrap draws such matrices too (`rating_bootstrap`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scansion.stats.units import Floats

__all__ = ["LEFT", "RIGHT", "TIE", "Ballot", "Counts", "Whole", "ballot"]

TIE, LEFT, RIGHT = 0, 1, 2
"""What a vote says: neither, the left or the right player was better."""

Whole = NDArray[np.int64]


class Counts(Struct, frozen=True):
    """Votes among K players as matrices of counts, (K, K), or (B, K, K) for B sets of votes at once.

    `wins[i, j]` is how often i was preferred to j. `ties` is symmetric: `ties[i, j]` is how often i and j tied.
    """

    wins: Floats
    ties: Floats

    @property
    def players(self) -> int:
        """K."""
        return int(self.wins.shape[-1])

    @property
    def points(self) -> Floats:
        """Wins with a tie as half a win for each side; row i holds what i won of each other."""
        return self.wins + 0.5 * self.ties

    @property
    def games(self) -> Floats:
        """How often each two met; symmetric."""
        return self.wins + np.swapaxes(self.wins, -1, -2) + self.ties


class Ballot(Struct, frozen=True):
    """Votes among `players` players, each as the flat index of its `cell`: i * K + j for a win of i over j, and
    K * K + i * K + j, with i < j, for a tie. `unit` numbers the question (or voter) of each vote from 0; None: votes
    stand alone."""

    players: int
    cell: Whole
    unit: Whole | None

    @property
    def count(self) -> int:
        """The number of votes."""
        return int(self.cell.size)

    @property
    def units(self) -> int:
        """The number of independent units: questions, or votes where they stand alone."""
        return self.count if self.unit is None else int(self.unit.max(initial=-1)) + 1

    def counts(self) -> Counts:
        """All votes as matrices."""
        return self.unfold(np.bincount(self.cell, minlength=2 * self.players**2).astype(np.float64))

    def unfold(self, cells: Floats) -> Counts:
        """Counts of cells, (..., 2 K K), as matrices."""
        k = self.players
        wins, ties = (half.reshape(*cells.shape[:-1], k, k) for half in np.split(cells, 2, axis=-1))
        return Counts(wins, ties + np.swapaxes(ties, -1, -2))


def ballot(left: Any, right: Any, outcome: Any, *, players: int | None = None, units: Any = None) -> Ballot:
    """The ballot of votes, one entry of each argument a vote.

    `left` and `right` number the two players from 0, `outcome` is LEFT, RIGHT or TIE, `units` holds one label a vote
    (votes with equal labels belong together). `players` defaults to the highest number and one.
    Raises ValueError for unequal lengths, a player outside 0 .. players - 1, one that meets itself, other outcomes.
    """
    x, y, said = (np.asarray(each, dtype=np.int64) for each in (left, right, outcome))
    if not x.ndim == y.ndim == said.ndim == 1 or not x.size == y.size == said.size:
        raise ValueError("votes must be flat and of one length")
    k = int(max(x.max(initial=-1), y.max(initial=-1))) + 1 if players is None else players
    if x.size and not (min(x.min(), y.min()) >= 0 and max(x.max(), y.max()) < k):
        raise ValueError(f"players must be numbered 0 to {k - 1}")
    if (x == y).any():
        raise ValueError("a player cannot meet itself")
    if not ((said >= TIE) & (said <= RIGHT)).all():
        raise ValueError("an outcome is 0 (tie), 1 (left) or 2 (right)")
    tied, swap = said == TIE, np.where(said == TIE, x > y, said == RIGHT)
    cell = np.where(swap, y, x) * k + np.where(swap, x, y) + tied * (k * k)
    return Ballot(k, cell, None if units is None else _numbered(units, x.size))


def _numbered(units: Any, size: int) -> Whole | None:
    """Labels as numbers from 0; None where every vote has its own."""
    labels = np.asarray(units)
    if labels.shape != (size,):
        raise ValueError("units must hold one label per vote")
    found, numbered = np.unique(labels, return_inverse=True)
    return None if found.size == size else numbered.astype(np.int64).reshape(-1)
