"""Position bias: does a judge prefer the output that it is shown first?

Each pair is judged twice, the second time with the two outputs swapped. A judge that goes by the outputs names the same
one both times; one that goes by the place names the place, and so the other output.

Source: P. Wang et al., "Large Language Models are not Fair Evaluators", arXiv 2305.17926, 2023; L. Zheng et al.,
"Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena", arXiv 2306.05685, 2023, section 3.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from scansion.stats.intervals import Interval, mean_interval
from scansion.stats.paired import compare

__all__ = ["PositionBias", "position_bias"]


class PositionBias(Struct, frozen=True):
    """Of `n` pairs judged in both orders: `consistent` named the same output (or a tie) both times, `first` the place
    shown first both times, `second` the other place; `mixed` a tie once and an output once.

    `consistent_share` and `follows_share` (`first` and `second` over `n`) are 0 to 1, each with its interval.
    `first_share` is that of verdicts for the place shown first less that for the other, over all 2n verdicts (0: no
    preference, 1: always the first), with its interval and the two-sided p-value of no preference.
    """

    n: int
    consistent: int
    first: int
    second: int
    mixed: int
    consistent_share: float | None
    consistent_interval: Interval | None
    follows_share: float | None
    follows_interval: Interval | None
    first_share: float | None
    first_interval: Interval | None
    p: float | None


def position_bias(plain: Any, swapped: Any, *, clusters: Any = None, level: float = 0.95) -> PositionBias:
    """What two verdicts on each pair, one in either order, say of the judge.

    `plain` and `swapped` are flat arrays of 1 (the first output is better), 2 (the second) and 0 (a tie). Both name
    outputs, not places: verdicts in swapped order are mapped back before they come here. `clusters` are whole-number
    labels of pairs that belong together. Raises ValueError for other values and different lengths.
    """
    one, other = np.asarray(plain), np.asarray(swapped)
    if one.ndim != 1 or one.shape != other.shape:
        raise ValueError("verdicts in both orders are flat and of one length")
    if not (np.isin(one, (0, 1, 2)).all() and np.isin(other, (0, 1, 2)).all()):
        raise ValueError("a verdict is 1, 2 or 0 for a tie")
    same, first, second = one == other, (one == 1) & (other == 2), (one == 2) & (other == 1)
    counts = [int(each.sum()) for each in (same, first, second)]
    agreed, ahead_twice, behind_twice = counts
    n = one.size
    steady, follows = (_share(each, clusters, level) for each in (same, first | second))
    # mean over a pair's two verdicts of: shown first named 1, shown second named -1, a tie 0
    ahead = ((one == 1) + 0.0 + (other == 2)) / 2.0
    behind = ((one == 2) + 0.0 + (other == 1)) / 2.0
    lean = compare(behind, ahead, clusters=clusters, level=level)
    return PositionBias(
        n=n,
        consistent=agreed,
        first=ahead_twice,
        second=behind_twice,
        mixed=n - sum(counts),
        consistent_share=steady[0],
        consistent_interval=steady[1],
        follows_share=follows[0],
        follows_interval=follows[1],
        first_share=lean.difference,
        first_interval=Interval(lean.lo, lean.hi) if lean.lo is not None and lean.hi is not None else None,
        p=lean.p,
    )


def _share(which: Any, clusters: Any, level: float) -> tuple[float | None, Interval | None]:
    found = mean_interval(which.astype(np.float64), clusters=clusters, level=level)
    if found.mean is None or found.lo is None or found.hi is None:
        return found.mean, None
    return found.mean, Interval(found.lo, found.hi)
