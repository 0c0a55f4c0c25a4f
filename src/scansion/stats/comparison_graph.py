"""Who can be compared with whom: in the graph of votes an arrow leads from a player to each that it beat or tied.

Ratings exist only within groups in which every player can be reached from every other along arrows: L. R. Ford,
"Solution of a ranking problem from binary comparisons", Amer Math Monthly 64(8):28, 1957.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["groups", "has_cycle", "is_rateable", "strong_groups"]

Flags = NDArray[np.bool_]


def is_rateable(points: Any) -> Flags:
    """Whether the votes tie all players together, so that every rating is finite.

    `points` are (B, K, K): what i won of j, ties included; the answer is (B,), true where there is no player.
    """
    arrows = (np.asarray(points) > 0.0).astype(np.float32)
    if arrows.shape[-1] == 0:
        return np.ones(arrows.shape[0], dtype=np.bool_)
    return _all_reached(arrows) & _all_reached(np.swapaxes(arrows, -1, -2))


def _all_reached(arrows: NDArray[np.float32]) -> Flags:
    """Whether all players are reached from the first, in each of the graphs (B, K, K)."""
    reached = np.zeros((arrows.shape[0], 1, arrows.shape[-1]), dtype=np.float32)
    reached[:, 0, 0] = 1.0
    count = 0
    while int(reached.sum()) > count:
        count = int(reached.sum())
        reached = (reached + reached @ arrows > 0.0).astype(np.float32)
    return np.asarray(reached.all(axis=(1, 2)))


def groups(points: Any) -> list[list[int]]:
    """Players that are linked by votes, directly or over others: the largest group first, then by its first player.

    `points` are (K, K). Between two groups nobody ever met.
    """
    met = np.asarray(points) > 0.0
    return _classes(_closure(met | met.T))


def strong_groups(points: Any) -> list[list[int]]:
    """Groups within which ratings are finite, in the order of `groups`. `points` are (K, K)."""
    reached = _closure(np.asarray(points) > 0.0)
    return _classes(reached & reached.T)


def has_cycle(wins: Any) -> bool:
    """Whether some player is beaten, over others or directly, by one that it beat. `wins` are (K, K)."""
    return len(strong_groups(wins)) < len(np.asarray(wins))


def _closure(arrows: Flags) -> Flags:
    """Whether j is reached from i, itself included, by squaring."""
    reached = arrows | np.eye(len(arrows), dtype=np.bool_)
    while True:
        wide = reached.astype(np.float32)
        further = wide @ wide > 0.0
        if (further == reached).all():
            return reached
        reached = further


def _classes(related: Flags) -> list[list[int]]:
    """The classes of an equivalence."""
    found: dict[int, list[int]] = {}
    for player, first in enumerate(related.argmax(axis=1).tolist()):
        found.setdefault(first, []).append(player)
    return sorted(found.values(), key=lambda each: (-len(each), each[0]))
