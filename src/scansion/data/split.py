"""Parts of a data set (`dev`, `test`) by digest, so that new rows do not move others.

A row's part depends on the seed and its key alone: its group where it has one (so that a group stays together), else
its id. With an explicit id a row keeps its part when its text or the columns change; an id that is the row's digest
changes with the row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from scansion.errors import InputError
from scansion.types import Example, digest

__all__ = ["check_parts", "split_of"]


def check_parts(parts: Mapping[str, float]) -> None:
    """Raise InputError unless the parts are named fractions above 0 that sum to at most 1."""
    if not parts:
        raise InputError("split: no parts; say for instance dev: 0.5, test: 0.5")
    for name, fraction in parts.items():
        number = isinstance(fraction, int | float) and not isinstance(fraction, bool)
        if not number or not 0 < fraction <= 1:
            raise InputError(f"split: part {name!r} is {fraction!r}; a part is a fraction above 0 and at most 1")
    total = math.fsum(parts.values())
    if total > 1 + 1e-9:
        raise InputError(f"split: the parts {', '.join(parts)} sum to {total:g}; they must sum to at most 1")


def split_of(example: Example, parts: Mapping[str, float], seed: int = 0) -> str:
    """The name of the part that the example falls in; empty if the fractions sum to less than 1 and it is in none.

    Parts take the range from 0 to 1 in the order given. Raises InputError for wrong parts (see `check_parts`).
    """
    key = ("id", example.id) if example.group is None else ("group", example.group)
    place = int.from_bytes(digest(seed, *key)[:8], "big") / 2**64
    for name, bound in _bounds(tuple(parts.items())):
        if place < bound:
            return name
    return ""


@lru_cache(maxsize=16)
def _bounds(parts: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    """The upper end of each part's range; a full sum ends at 1 whatever the rounding."""
    check_parts(dict(parts))
    bounds = [(name, math.fsum(f for _, f in parts[: i + 1])) for i, (name, _) in enumerate(parts)]
    if bounds[-1][1] > 1 - 1e-9:
        bounds[-1] = (bounds[-1][0], math.inf)
    return tuple(bounds)
