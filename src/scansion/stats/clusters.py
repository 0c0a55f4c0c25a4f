"""Clusters: rows that are not independent of each other (trials of one example, rows of one group, equal requests).

Labels are whole numbers, one per row; rows with equal labels are one cluster.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["compact", "count_distinct", "distinct", "merge"]

Labels = NDArray[np.int64]


def compact(labels: Any) -> tuple[Labels, int]:
    """`labels` renumbered 0 .. count-1 in their order, and `count`, the number of different ones.

    Raises ValueError where `labels` is not a flat array of whole numbers.
    """
    given = _checked(labels)
    if given.size == 0:
        return given, 0
    low, high = int(given.min()), int(given.max())
    if high - low > 2 * given.size + 1024:
        found, inverse = np.unique(given, return_inverse=True)
        return inverse.astype(np.int64, copy=False).reshape(-1), len(found)
    used = np.zeros(high - low + 1, dtype=bool)
    shifted = given - low
    used[shifted] = True
    if used.all():
        return shifted, used.size
    number = np.cumsum(used, dtype=np.int64) - 1
    return number[shifted], int(number[-1]) + 1


def count_distinct(labels: Any) -> int:
    """How many different labels there are."""
    given = _checked(labels)
    if bool((given[1:] > given[:-1]).all()):  # in order already, as rows are: nothing to copy
        return int(given.size)
    given = np.sort(given)  # np.unique would do, and imports numpy.ma
    return given.size and 1 + int(np.count_nonzero(given[1:] != given[:-1]))


def distinct(labels: Any) -> bool:
    """Whether no two rows share a label."""
    return count_distinct(labels) == _checked(labels).size


def merge(*labelings: Any) -> Labels:
    """The finest clusters that keep together whatever any one of `labelings` puts together.

    Two rows are in one cluster if a chain of rows links them, each sharing a label with the next in some labeling:
    the connected components of a graph. Returns labels 0 .. count-1. Raises ValueError where lengths differ.
    """
    if not labelings:
        raise ValueError("merge needs at least one labeling")
    joined, count = compact(labelings[0])
    for labels in labelings[1:]:
        other, other_count = compact(labels)
        if other.size != joined.size:
            raise ValueError(f"labelings of {joined.size} and {other.size} rows cannot be merged")
        if count == joined.size:  # all rows apart: the other labeling decides
            joined, count = other, other_count
        elif other_count != joined.size:
            joined, count = _join(joined, count, other, other_count)
    return joined


def _join(a: Labels, a_count: int, b: Labels, b_count: int) -> tuple[Labels, int]:
    """Connected components by hooking each component's root to the lowest root it meets, then shortening paths."""
    root = np.arange(a_count, dtype=np.int64)
    while True:
        rows = root[a]
        lowest = np.full(b_count, a_count, dtype=np.int64)
        np.minimum.at(lowest, b, rows)
        hooked = root.copy()
        np.minimum.at(hooked, rows, lowest[b])
        while not np.array_equal(shorter := hooked[hooked], hooked):
            hooked = shorter
        if np.array_equal(hooked, root):
            return compact(rows)
        root = hooked


def _checked(labels: Any) -> Labels:
    given = np.asarray(labels)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iub"):
        raise ValueError("cluster labels are a flat array of whole numbers")
    return given.astype(np.int64, copy=False)
