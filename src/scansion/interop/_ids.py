"""Ids that are told apart where several rows have one, as equal rows do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

__all__ = ["told_apart"]


def told_apart(ids: Sequence[str]) -> list[str]:
    """The ids in their order, each different: a repeated one gets a number that makes an id no other has."""
    taken = set(ids)
    seen: Counter[str] = Counter()
    found: list[str] = []
    for id in ids:
        seen[id] += 1
        name = id
        while seen[id] > 1 and name in taken:
            name = f"{id}-{seen[id]}"
            seen[id] += name in taken
        taken.add(name)
        found.append(name)
    return found
