"""Agreement of two raters on the same items: the share of equal ratings and Cohen's kappa, each with its interval, and
the table of what was said by whom."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from scansion.stats.clusters import compact, distinct
from scansion.stats.intervals import Interval, mean_interval, wilson
from scansion.stats.special import normal_ppf
from scansion.stats.units import Floats

__all__ = [
    "Confusion",
    "RaterAgreement",
    "agreement",
    "confusion",
    "kappa_of",
    "kappa_standard_error",
]

_ADDED = 2.0
"""Ratings that are added to the table, spread evenly, before the interval of kappa is taken."""


_MOST_KINDS = 2000
"""Different ratings up to which kappa is computed: its table has a cell for each two of them."""


class RaterAgreement(Struct, frozen=True):
    """Two raters on the same `n` items. `share` of equal ratings (0 to 1) with Wilson's interval; `kappa` (-1 to 1, 0:
    as chance would have it) with its own. All are None without items, kappa also where both gave one same rating
    throughout: there is nothing to tell apart then."""

    n: int
    share: float | None
    share_interval: Interval | None
    kappa: float | None
    kappa_interval: Interval | None


class Confusion(Struct, frozen=True):
    """How often one rater said `kinds[i]` where the other said `kinds[j]`: `counts[i][j]`."""

    kinds: tuple[Any, ...]
    counts: tuple[tuple[int, ...], ...]


def confusion(a: Sequence[Any], b: Sequence[Any], order: Sequence[Any] = ()) -> Confusion:
    """The table of two raters' ratings of the same items, its kinds as in `order`, others after them as they appear.

    Raises ValueError for sequences of different lengths.
    """
    if len(a) != len(b):
        raise ValueError("both raters must have rated the same items")
    said = dict.fromkeys([*a, *b])
    kinds = tuple(dict.fromkeys([*(kind for kind in order if kind in said), *said]))
    cells = Counter(zip(a, b, strict=True))
    return Confusion(kinds, tuple(tuple(cells[mine, theirs] for theirs in kinds) for mine in kinds))


def agreement(a: Sequence[Any], b: Sequence[Any], *, clusters: Any = None, level: float = 0.95) -> RaterAgreement:
    """How far the ratings `a` and `b` (of equal length, any hashable values) agree, with intervals at `level`.

    `clusters` are whole-number labels: items of equal label are dependent (answers to one question). The share's
    interval is then Wilson's on the effective number of items, kappa's rests on as many fewer items as its variance
    between clusters says.

    Kappa follows J. Cohen, "A coefficient of agreement for nominal scales", Educ Psychol Meas 20:37, 1960. Its interval
    is the normal one with the standard error of Fleiss, Cohen and Everitt (Psychol Bull 72:323, 1969), both taken from
    the table of counts with 2 ratings more, spread evenly over its cells, as Agresti and Caffo do for proportions (Am
    Stat 54:280, 2000), within -1 .. 1. Without them it covers far too seldom below 100 items and is a point where the
    raters always agree; with them it covers 92% or more from 15 items on (see the tests' simulation).
    Raises ValueError for sequences of different lengths and a level not between 0 and 1.
    """
    if len(a) != len(b):
        raise ValueError("both raters must have rated the same items")
    if not 0.0 < level < 1.0:
        raise ValueError("a level lies between 0 and 1")
    if len(a) == 0:
        return RaterAgreement(0, None, None, None, None)
    table = _table(a, b)
    right = [float(x == y) for x, y in zip(a, b, strict=True)]
    equal = sum(right)
    kappa = kappa_of(table) if table is not None else None
    if clusters is None or distinct(clusters):
        limits, effect = wilson(equal, len(a), level), 1.0
    else:
        found = mean_interval(right, clusters=clusters, level=level)
        limits = Interval(found.lo or 0.0, 1.0 if found.hi is None else found.hi)
        effect = _design_effect(a, b, table, clusters) if table is not None and kappa is not None else 1.0
    within = _interval(table / effect, kappa, level) if table is not None and kappa is not None else None
    return RaterAgreement(len(a), equal / len(a), limits, kappa, within)


def kappa_of(table: Floats) -> float | None:
    """Cohen's kappa of a square table of counts (rows: one rater, columns: the other); None where it is not defined."""
    shares = table / table.sum()
    chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return None if chance >= 1.0 - 1e-12 else (float(np.trace(shares)) - chance) / (1.0 - chance)


def kappa_standard_error(table: Floats) -> float:
    """The standard error of kappa in large samples, for a table in which kappa is defined."""
    shares = table / table.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance = float(rows @ columns)
    left = 1.0 - (float(np.trace(shares)) - chance) / (1.0 - chance)  # 1 - kappa
    on = np.diag(shares) @ (1.0 - (rows + columns) * left) ** 2
    off = shares * (columns[:, None] + rows[None, :]) ** 2
    spread = on + left**2 * (off.sum() - np.trace(off)) - (1.0 - left - chance * left) ** 2
    return math.sqrt(max(0.0, float(spread)) / float(table.sum())) / (1.0 - chance)


def _interval(table: Floats, kappa: float, level: float) -> Interval:
    fuller = table + _ADDED / table.size
    middle = kappa_of(fuller) or 0.0
    reach = normal_ppf(0.5 * (1.0 + level)) * kappa_standard_error(fuller)
    return Interval(max(-1.0, min(middle - reach, kappa)), min(1.0, max(middle + reach, kappa)))


def _design_effect(a: Sequence[Any], b: Sequence[Any], table: Floats, clusters: Any) -> float:
    """The variance of kappa between clusters over what it would be were all items independent; at least 1."""
    kinds = {kind: i for i, kind in enumerate(dict.fromkeys([*a, *b]))}
    shares = table / table.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    one, other = (np.array([kinds[each] for each in side]) for side in (a, b))
    equal, chance = float(np.trace(shares)), float(rows @ columns)
    left = (1.0 - equal) / (1.0 - chance)
    moved = (one == other) - equal - left * (columns[one] + rows[other] - 2.0 * chance)  # kappa's influence values
    labels, count = compact(clusters)
    sums = np.bincount(labels, weights=moved)
    alone = float(moved @ moved)
    return max(1.0, float(sums @ sums) * count / max(1, count - 1) / alone) if alone > 0.0 else len(a) / count


def _table(a: Sequence[Any], b: Sequence[Any]) -> Floats | None:
    """The counts of each pair of ratings; None where there are too many different ones."""
    kinds = {kind: i for i, kind in enumerate(dict.fromkeys([*a, *b]))}
    if len(kinds) > _MOST_KINDS:
        return None
    table = np.zeros((len(kinds), len(kinds)))
    for one, other in zip(a, b, strict=True):
        table[kinds[one], kinds[other]] += 1.0
    return table
