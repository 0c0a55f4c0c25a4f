"""Krippendorff's alpha: the agreement of any number of raters, with ratings missing, on any scale of measurement.

Source: K. Krippendorff, "Computing Krippendorff's alpha-reliability", University of Pennsylvania, 2011; "Content
Analysis", 4th ed. 2019, chapter 12. Alpha is 1 less the disagreement seen within items over that of all ratings paired
at random; how far two ratings differ depends on the scale:

- nominal: equal or not
- ordinal: the ratings that lie between the two, half of either counted: the difference of their mid-ranks
- interval: their difference
- ratio: their difference over their sum

each squared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scansion.stats.clusters import compact
from scansion.stats.jackknife import ADDED, Coefficient, ratio_interval
from scansion.stats.units import Floats

__all__ = ["SCALES", "Scale", "krippendorff_alpha"]

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
SCALES: tuple[Scale, ...] = ("nominal", "ordinal", "interval", "ratio")

_BLOCK = 1 << 20
Codes = NDArray[np.int64]


class _Values(Struct, frozen=True):
    """The different ratings: their `place` on the scale (mid-ranks on an ordinal one), how often each occurs."""

    scale: Scale
    place: Floats
    times: Floats

    def apart(self, one: Codes, other: Codes) -> Floats:
        """The squared differences of ratings given by their codes."""
        if self.scale == "nominal":
            return np.asarray(one != other, dtype=np.float64)
        a, b = self.place[one], self.place[other]
        if self.scale != "ratio":
            return np.asarray((a - b) ** 2)
        total = a + b
        return np.asarray(np.divide(a - b, total, out=np.zeros_like(total), where=total != 0.0) ** 2)

    def from_all(self) -> Floats:
        """For each of the ratings, the sum of its squared differences from all that were given."""
        n = float(self.times.sum())
        if self.scale == "nominal":
            return np.asarray(n - self.times)
        if self.scale != "ratio":
            x = self.place - float(self.times @ self.place) / n
            return np.asarray(n * x**2 + float(self.times @ x**2))
        codes = np.arange(self.place.size)
        step = max(1, _BLOCK // codes.size)
        blocks = [codes[start : start + step, None] for start in range(0, codes.size, step)]
        return np.concatenate([self.apart(block, codes[None, :]) @ self.times for block in blocks])


def krippendorff_alpha(
    items: Any, ratings: Sequence[Any], scale: Scale = "nominal", *, clusters: Any = None, level: float = 0.95
) -> Coefficient:
    """Alpha on a `scale`, with its interval at `level`.

    `items` are whole-number labels, one for each of `ratings`: what was rated; a missing rating has no entry. Ratings
    are any hashable values on the nominal scale, else finite numbers. `clusters` are labels of the same length: items
    of one cluster are dependent. Raises ValueError for different lengths, an unknown scale, ratings that are not such
    numbers, and on the ratio scale for negative ones.
    """
    labels = compact(items)[0]
    if len(ratings) != labels.size or (clusters is not None and len(clusters) != labels.size):
        raise ValueError("items, ratings and clusters are of one length")
    if scale not in SCALES:
        raise ValueError(f"the scale is {', '.join(SCALES[:-1])} or {SCALES[-1]}, not {scale}")
    codes, places = _coded(ratings, scale)
    several = (np.bincount(labels) > 1)[labels] if labels.size else np.zeros(0, dtype=bool)
    groups = labels if clusters is None else np.asarray(clusters)
    return _alpha((labels[several], groups[several]), codes[several], (places, scale), level)


def _coded(ratings: Sequence[Any], scale: Scale) -> tuple[Codes, Floats]:
    """The code of each rating, and what each code stands for."""
    if scale == "nominal":
        kinds = {kind: code for code, kind in enumerate(dict.fromkeys(ratings))}
        codes = np.fromiter((kinds[each] for each in ratings), dtype=np.int64, count=len(ratings))
        return codes, np.arange(len(kinds), dtype=np.float64)
    values = np.asarray(ratings, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"ratings on the {scale} scale are finite numbers: leave missing ones out")
    if scale == "ratio" and values.size and values.min() < 0.0:
        raise ValueError("ratings on the ratio scale are not negative")
    places, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64).reshape(-1), places


def _alpha(labels: tuple[Codes, Codes], codes: Codes, values: tuple[Floats, Scale], level: float) -> Coefficient:
    """Alpha of the ratings of items (`labels`, with their clusters) that two or more rated."""
    (items, count), n = compact(labels[0]), codes.size
    if count == 0:
        return Coefficient(None, None, 0, 0)
    times = np.bincount(codes, minlength=values[0].size).astype(np.float64)
    place = np.cumsum(times) - 0.5 * times if values[1] == "ordinal" else values[0]
    found = _Values(values[1], place, times)
    sizes = np.bincount(items).astype(np.float64)
    apart = _within(items, codes, found) / (sizes - 1.0)
    far = found.from_all()
    whole = float(times @ far)
    if whole <= 1e-12:
        return Coefficient(None, None, count, n)
    value = 1.0 - float(apart.sum()) / n / (whole / (n * (n - 1.0)))
    groups, units = compact(labels[1])
    of_item = np.zeros(count, dtype=np.int64)
    of_item[items] = groups
    size: Floats = np.bincount(groups).astype(np.float64)
    seen: Floats = np.bincount(of_item, weights=apart).astype(np.float64)
    crossed: Floats = np.bincount(groups, weights=far[codes]).astype(np.float64)
    own = _within(groups, codes, found)
    kept = _left_out((size, seen, crossed, own), (n, whole), ADDED * n / units)
    return Coefficient(value, ratio_interval(value, kept, level), count, n)


def _left_out(
    parts: tuple[Floats, Floats, Floats, Floats], totals: tuple[int, float], added: float
) -> tuple[Floats, Floats]:
    """Observed and expected disagreement without each cluster, and without the made-up one of `added` ratings.

    `parts` are each cluster's ratings, the disagreement within its items, of its ratings with all, and of its ratings
    with each other; `totals` the ratings and the disagreement of all pairs. The made-up ratings are spread as all are.
    """
    size, seen, crossed, own = parts
    (n, whole), inside = totals, float(seen.sum())
    grown = 1.0 + added / n
    sizes = np.append(grown * n - size, n)
    observed = np.append(inside + added * whole / (n * (n - 1.0)) - seen, inside) / sizes
    pairs = np.append(grown**2 * whole - 2.0 * grown * crossed + own, whole)
    return observed, pairs / (sizes * (sizes - 1.0))


def _within(labels: Codes, codes: Codes, values: _Values) -> Floats:
    """For each label, the sum of squared differences of all ordered pairs of its ratings."""
    size: Floats = np.bincount(labels).astype(np.float64)
    if values.scale == "ratio":
        return _pairwise(labels, codes, values)
    if values.scale == "nominal":
        cells, times = np.unique(labels * values.place.size + codes, return_counts=True)
        return np.asarray(size**2 - np.bincount(cells // values.place.size, weights=times.astype(np.float64) ** 2))
    x = values.place[codes] - float(values.times @ values.place) / float(values.times.sum())
    x -= (np.bincount(labels, weights=x) / np.maximum(size, 1.0))[labels]
    return np.asarray(2.0 * size * np.bincount(labels, weights=x**2))


def _pairwise(labels: Codes, codes: Codes, values: _Values) -> Floats:
    """The same, pair by pair of different ratings."""
    kinds = values.place.size
    cells, times = np.unique(labels * kinds + codes, return_counts=True)
    owner, code, weight = cells // kinds, cells % kinds, times.astype(np.float64)
    start = np.searchsorted(owner, np.arange(int(owner[-1]) + 2))
    found = np.zeros(start.size - 1)
    longest = int(np.diff(start).max())
    for step in range(1, longest):  # pairs of entries `step` apart within one label
        left = np.arange(owner.size - step)
        left = left[owner[left] == owner[left + step]]
        right = left + step
        pairs = 2.0 * weight[left] * weight[right] * values.apart(code[left], code[right])
        found += np.bincount(owner[left], weights=pairs, minlength=found.size)
    return found
