"""Prediction-powered inference: a mean of human labels, with a judge's labels on many more items to steady it.

A few items have a human label, all have a judge's. On the few it is seen how the judge errs, and the judge's mean over
all is corrected by it. The estimate is right on average however bad the judge is; a good judge makes it tight.

Source: A. Angelopoulos, J. Duchi, T. Zrnic, "PPI++: Efficient prediction-powered inference", arXiv 2311.01453, 2023,
for a mean, with its power-tuned weight of the judge. With that weight it is the regression estimator of survey sampling
(Cochran, "Sampling Techniques", 1977, chapter 7): the human label is regressed on the judge's, and the line is read at
the judge's mean over all items. A judge that says nothing of the people gets the weight 0.

The paper's normal interval covers far too seldom where few labels differ from the judge's (42% at 30 labels of a rare
kind and a good judge; `bench/statistics/prediction_powered.py`). Labels of 0 and 1 therefore get half an item of either
label added among the items that the judge scores low and among those that it scores high, as Jeffreys' prior does for
one proportion (Brown, Cai and DasGupta, Stat Sci 16:101, 2001). Marks whose residuals lean to one side get a
bootstrap-t (see `bootstrap.py`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct, structs

from scansion.stats.bootstrap import bootstrap_t
from scansion.stats.clusters import compact
from scansion.stats.intervals import Interval, Mean, mean_interval
from scansion.stats.paired import compare
from scansion.stats.special import normal_ppf, t_ppf
from scansion.stats.units import Floats, Units
from scansion.stats.zero_bound import zero_bound

__all__ = ["LEAST_LABELLED", "Corrected", "corrected_difference", "corrected_mean"]

LEAST_LABELLED = 30
"""Human-labelled items (or clusters of them) from which an estimate is given: from here on coverage was 92% or more in
every cell simulated, 0/1 labels and marks on a scale; at 10 it falls to 91%, and fewer tell next to nothing."""

_ADDED = 0.5
"""Made-up items of either label at either end of the judge's scale; see the head of this file."""

_TINY = 1e-12


class Corrected(Struct, frozen=True):
    """A mean of human labels corrected for the judge, with its interval `lo` .. `hi`, on the scale of the labels.

    `labelled` items have a human label, `n` is all that a judge looked at, `unreadable` those of them on which it gave
    none; these count as its mean, which costs width and no validity, and `bounds` span the intervals in which they
    count as the judge's lowest and as its highest instead. `weight` is how much of the judge is used (lambda of the
    paper; 0: nothing). `human` is the mean of the labels alone with its interval, `judge` that of the judge over all.
    `narrower` is the share of the width of `human`'s interval that is saved (negative: wider), None where it has none.
    """

    estimate: float
    lo: float
    hi: float
    bounds: Interval
    weight: float
    labelled: int
    n: int
    unreadable: int
    method: str
    human: Mean
    judge: Mean
    narrower: float | None


class _Rows(Struct, frozen=True):
    """All rows: the human label `y` (NaN: none), the judge's `f`, the cluster of each (None: every row alone)."""

    y: Floats
    f: Floats
    clusters: Any

    @property
    def labelled(self) -> Any:
        return ~np.isnan(self.y)


def corrected_mean(human: Any, judge: Any, *, clusters: Any = None, level: float = 0.95) -> Corrected:
    """The mean that people would give over all items, from the labels of some and a judge's on all.

    `human` and `judge` are flat arrays of one length, one entry an item; NaN is no human label, or a judge's that could
    not be read. The labelled items must be drawn from all of them by chance. `clusters` are whole-number labels: items
    of equal label are dependent (answers to one question). The interval, at `level`, is for the mean over items like
    these, not for this list alone. For the difference of two variants see `corrected_difference`.

    Raises ValueError with fewer than `LEAST_LABELLED` labelled items (or clusters), without an item that only the judge
    labelled, and where lengths differ or values are infinite.
    """
    rows, unreadable = _checked(human, judge, clusters, level)
    missing = np.isnan(rows.f)
    read = rows.f[~missing]
    fills = [float(read.mean()), float(read.min()), float(read.max())] if missing.any() else [0.0]
    found = [_estimate(_Rows(rows.y, np.where(missing, fill, rows.f), rows.clusters), level) for fill in fills]
    estimate, lo, hi, weight = found[0]
    given = rows.labelled
    alone = mean_interval(rows.y[given], clusters=_some(rows.clusters, given), level=level)
    judged = mean_interval(read, clusters=_some(rows.clusters, ~missing), level=level)
    return Corrected(
        estimate=estimate,
        lo=lo,
        hi=hi,
        bounds=Interval(min(each[1] for each in found), max(each[2] for each in found)),
        weight=weight,
        labelled=int(given.sum()),
        n=rows.y.size,
        unreadable=unreadable,
        method="PPI++" + (" with half items added" if _is_discrete(rows) else "") + _suffix(clusters),
        human=alone,
        judge=judged,
        narrower=_saved(hi - lo, alone),
    )


def corrected_difference(
    human: tuple[Any, Any], judge: tuple[Any, Any], *, clusters: Any = None, level: float = 0.95
) -> Corrected:
    """The mean difference of two variants, b less a, that people would find over all items; paired by item.

    `human` and `judge` are pairs of arrays as `corrected_mean` takes them, a's first; a pair counts as labelled where a
    person labelled both, as unreadable where the judge did not say something of both. `human` of what is returned is
    the paired comparison of the labels alone. Raises ValueError as `corrected_mean` does.
    """
    y, f = ([np.asarray(side, dtype=np.float64) for side in pair] for pair in (human, judge))
    if len({each.shape for each in (*y, *f)}) != 1:
        raise ValueError("both variants have one entry an item")
    found = corrected_mean(y[1] - y[0], f[1] - f[0], clusters=clusters, level=level)
    given = ~np.isnan(y[1] - y[0])
    labels = None if clusters is None else compact(clusters)[0]
    alone = compare(y[0][given], y[1][given], clusters=_some(labels, given), level=level)
    own = Mean(alone.difference, alone.lo, alone.hi, alone.n, alone.interval_method, float(alone.n))
    return structs.replace(found, human=own, narrower=_saved(found.hi - found.lo, own))


def _suffix(clusters: Any) -> str:
    return ", clustered" if clusters is not None else ""


def _some(clusters: Any, which: Any) -> Any:
    return None if clusters is None else clusters[which]


def _saved(width: float, alone: Mean) -> float | None:
    if alone.lo is None or alone.hi is None or alone.hi - alone.lo <= 0.0:
        return None
    return 1.0 - width / (alone.hi - alone.lo)


def _checked(human: Any, judge: Any, clusters: Any, level: float) -> tuple[_Rows, int]:
    """The rows that count: those of which somebody or the judge said something; and how often the judge said nothing
    that could be read."""
    y, f = (np.asarray(each, dtype=np.float64) for each in (human, judge))
    labels = None if clusters is None else compact(clusters)[0]
    if y.ndim != 1 or y.shape != f.shape or (labels is not None and labels.shape != y.shape):
        raise ValueError("human, judge and clusters are flat and of one length")
    if np.isinf(y).any() or np.isinf(f).any():
        raise ValueError("labels are finite numbers, NaN where there is none")
    if not 0.0 < level < 1.0:
        raise ValueError("a level lies between 0 and 1")
    rows = _Rows(y, f, labels)
    units = _count(labels, rows.labelled)
    if units < LEAST_LABELLED:
        what = "items" if labels is None else "clusters"
        raise ValueError(f"{units} {what} have a human label and {LEAST_LABELLED} are needed")
    if rows.labelled.all():
        raise ValueError("every item has a human label: there is nothing for a judge to add")
    if np.isnan(f).all():
        raise ValueError("no label of the judge can be read")
    return rows, int(np.isnan(f).sum())


def _count(labels: Any, which: Any) -> int:
    return int(which.sum()) if labels is None else compact(labels[which])[1]


def _is_discrete(rows: _Rows) -> bool:
    """Whether the labels are 0/1, or differences of such."""
    return bool(np.isin(rows.y[rows.labelled], (-1.0, 0.0, 1.0)).all())


def _ends(rows: _Rows) -> tuple[float, float]:
    """The ends of the labels' scale: 0 and 1, or -1 and 1 for differences of 0/1 labels; else the extremes seen."""
    y = rows.y[rows.labelled]
    low, high = float(y.min()), float(y.max())
    if _is_discrete(rows) and (low < 0.0 or (rows.f.min() < 0.0 and np.isin(rows.f, (-1.0, 0.0, 1.0)).all())):
        return -1.0, 1.0
    if low >= 0.0 and high <= 1.0:
        return 0.0, 1.0
    return (low, high) if low < high else (min(0.0, 2.0 * low), max(0.0, 2.0 * high))


class _Line(Struct, frozen=True):
    """The regression of the labels on the judge: its value `at` the judge's mean over all and its `slope`.

    `parts` are how far each labelled row's residual moves `at`, `added` the variance that made-up rows bring, `judge`
    how far each row's judgement moves it.
    """

    at: float
    slope: float
    parts: Floats
    added: float
    judge: Floats


def _estimate(rows: _Rows, level: float) -> tuple[float, float, float, float]:
    """The estimate, its interval and the weight of the judge."""
    ends = _ends(rows)
    line = _regress(rows, ends)
    below, above = _reach(rows, line, ends, level)
    low, high = ends if _is_discrete(rows) or ends == (0.0, 1.0) else (-math.inf, math.inf)
    at = min(max(line.at, low), high)
    weight = line.slope * (1.0 - float(rows.labelled.mean()))
    return at, max(low, at - below), min(high, at + above), weight


def _regress(rows: _Rows, ends: tuple[float, float]) -> _Line:
    """Least squares over the labelled rows and, for 0/1 labels, the made-up ones."""
    y, f = rows.y[rows.labelled], rows.f[rows.labelled]
    w, n = np.ones(y.size), y.size
    if _is_discrete(rows):
        low, high = _halves(rows.f)
        y, f = np.concatenate([y, ends, ends]), np.concatenate([f, [low, low, high, high]])
        w = np.concatenate([w, np.full(4, _added(rows))])
    total, target = float(w.sum()), float(rows.f.mean())
    middle, mean = float(w @ f) / total, float(w @ y) / total
    gaps = f - middle
    spread = float(w @ gaps**2)
    flat = spread <= _TINY * total * (float(np.abs(f).max()) or 1.0) ** 2
    slope, lean = (0.0, 0.0) if flat else (float(w @ (gaps * (y - mean))) / spread, (target - middle) / spread)
    parts = (y - mean - slope * gaps) * (1.0 / total + lean * gaps)
    added = float(w[n:] @ parts[n:] ** 2)
    return _Line(mean + slope * (target - middle), slope, parts[:n], added, slope * (rows.f - target) / rows.f.size)


def _added(rows: _Rows) -> float:
    """The weight of a made-up row: half a unit, which for clusters is half one of average size."""
    given = rows.labelled
    return _ADDED * float(given.sum()) / _count(rows.clusters, given)


def _halves(f: Floats) -> tuple[float, float]:
    """The mean of the judge's values up to their mean, and of those above."""
    above = f > f.mean()
    return (float(f[~above].mean()), float(f[above].mean())) if above.any() else (float(f[0]), float(f[0]))


def _reach(rows: _Rows, line: _Line, ends: tuple[float, float], level: float) -> tuple[float, float]:
    """How far the interval reaches below and above the estimate.

    The variance of 0/1 labels comes from their mean, so that the normal quantile serves; else it is Student's with the
    degrees of freedom of the labelled units beyond the line's two, or for residuals that lean to one side a bootstrap-t
    (by the rule of `mean_interval`). Where the judge was right each time, errors may have gone unseen: zero of n.
    """
    p, units = 0.5 * (1.0 + level), _count(rows.clusters, rows.labelled)
    if _is_discrete(rows) and rows.clusters is None:
        reach = normal_ppf(p) * math.sqrt(float(line.parts @ line.parts) + line.added + float(line.judge @ line.judge))
        return reach, reach
    if rows.clusters is not None:
        reach = t_ppf(p, units - 2.0) * math.sqrt(_clustered(rows, line) + line.added * _added(rows) / _ADDED)
        return reach, reach
    unseen = 0.0
    if float(np.abs(line.parts).max()) * units <= 1e-9 * (ends[1] - ends[0]):
        unseen = zero_bound(units, p) * (ends[1] - ends[0])
    below, above = _graded(line.parts, level)
    judge = t_ppf(p, units - 2.0) ** 2 * float(line.judge @ line.judge)
    return math.sqrt(below**2 + judge) + unseen, math.sqrt(above**2 + judge) + unseen


def _clustered(rows: _Rows, line: _Line) -> float:
    """The variance between clusters of what their rows and judgements together move."""
    moved = line.judge.copy()
    moved[rows.labelled] += line.parts
    sums = np.bincount(rows.clusters, weights=moved)
    return float(sums @ sums) * sums.size / (sums.size - 1)


def _graded(parts: Floats, level: float) -> tuple[float, float]:
    """The reach, below and above, that the residuals of labels on a scale make for."""
    n = parts.size
    square = float(parts @ parts) / n
    skewness = float((parts**2) @ parts) / n / square**1.5 if square > 0.0 else 0.0
    if n < 25.0 * skewness**2:
        low, high = bootstrap_t(Units(parts * n, None), level, 0)
        return max(0.0, -low), max(0.0, high)
    reach = t_ppf(0.5 * (1.0 + level), n - 2.0) * math.sqrt(square * n * n / (n - 2.0))
    return reach, reach
