"""Where the variance of a mean comes from: the examples drawn, or the chance in each trial on them.

A one-way random effects model (Fisher 1925; Searle, Casella and McCulloch, "Variance Components", 1992, chapter 3):
score = mean + what the example adds (variance `between`) + what the trial adds (variance `within`). The variance of the
mean of m examples with k trials each is between / m + within / (m k): more examples make both parts smaller, more
trials the second alone. The components are the analysis of variance's, unbiased for any scores, 0/1 ones too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import Struct

from scansion.stats.special import t_ppf
from scansion.stats.units import Floats

__all__ = ["Split", "split_variance"]


_TELLING = 40
"""Below this many examples that differ from the commonest, the interval of the correlation does not hold its level."""


class Split(Struct, frozen=True):
    """The variance `between` examples and `within` them (between trials), in squared units of the score.

    `examples` is their number, `trials` how many each had (where unequal, the analysis of variance's mean of them).
    `icc` is the intraclass correlation, between / (between + within): how alike two trials of one example are, from 0
    (as different as trials of two examples) to 1 (always the same); None where nothing varies. Its `interval` is None
    where too few examples say anything of it: fewer than 40 that are not all of one and the same score.
    """

    between: float
    within: float
    examples: int
    trials: float
    icc: float | None
    interval: tuple[float, float] | None

    def variance(self, examples: float, trials: float) -> float:
        """The variance of the mean of so many examples with so many trials each."""
        return self.between / examples + self.within / (examples * trials)

    @property
    def error(self) -> float:
        """The standard error of the mean as it was measured."""
        return math.sqrt(self.variance(self.examples, self.trials))

    @property
    def least_error(self) -> float:
        """The standard error that any number of trials on the same number of examples would leave."""
        return math.sqrt(self.between / self.examples)

    @property
    def share_of_trials(self) -> float | None:
        """The share of the mean's variance that is due to trials: what more of them could take away."""
        whole = self.variance(self.examples, self.trials)
        return self.within / (self.examples * self.trials) / whole if whole else None

    @property
    def worth(self) -> float | None:
        """How many examples with one trial each would give a mean as sure."""
        now = self.variance(self.examples, self.trials)
        return (self.between + self.within) / now if now else None

    def best_trials(self, example_cost: float = 0.0, call_cost: float = 1.0) -> int | None:
        """The trials an example that make the mean surest for a given cost (None: the more the better).

        An example costs `example_cost` once (to find, to label) and `call_cost` a trial: the whole number near the
        square root of example_cost / call_cost * within / between (Cochran, "Sampling Techniques", 3rd ed. 1977,
        section 10.6). Where examples cost nothing it is 1: for a fixed number of calls more examples are never worse.
        """
        if not (example_cost >= 0.0 and call_cost > 0.0):
            raise ValueError("an example costs 0 or more, and a call more than 0")
        if example_cost == 0.0 or self.within == 0.0:
            return 1
        if self.between == 0.0:
            return None
        low = max(1, math.floor(math.sqrt(example_cost / call_cost * self.within / self.between)))
        return min((low, low + 1), key=lambda k: (example_cost + k * call_cost) * self.variance(1, k))


def split_variance(values: Any, examples: Any, level: float = 0.95) -> Split:
    """The split of `values` (flat array of scores) by `examples` (whole-number labels, one a value).

    Raises ValueError for fewer than two examples, where none has two trials, and for values that are not finite.
    """
    scores = np.asarray(values, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise ValueError("values must be finite numbers: leave unscored trials out")
    _, first, labels = np.unique(np.asarray(examples), return_index=True, return_inverse=True)
    alike = np.bincount(labels, weights=scores != scores[first[labels]]) == 0.0
    sizes = np.bincount(labels).astype(np.float64)
    if sizes.size < 2 or sizes.max() < 2:
        raise ValueError("a split needs two examples, and an example with two trials")
    scores = scores - scores[0]  # of a large mean nothing is lost in the squares, and equal scores stay equal
    sums = np.bincount(labels, weights=scores)
    means = sums / sizes
    spread = np.where(alike, 0.0, np.bincount(labels, weights=(scores - means[labels]) ** 2))
    parts = np.column_stack([np.ones_like(sizes), sizes, sizes * sizes, sums, sums * means, spread])
    among, within, trials = _components(parts.sum(axis=0)[None])[:, 0]
    between = max(0.0, float(among - within) / float(trials))
    whole = between + float(within)
    _, same = np.unique(scores[first[alike]], return_counts=True)
    return Split(
        between=between,
        within=float(within),
        examples=int(sizes.size),
        trials=float(trials),
        icc=between / whole if whole > 0.0 else None,
        interval=_jackknife(parts, level) if sizes.size - same.max(initial=0) >= _TELLING else None,
    )


def _components(totals: Floats) -> Floats:
    """The mean squares among and within examples and the mean trials (rows) of sums over examples of 1, n, n^2, sum,
    sum^2 / n, squares within."""
    count, n, n2, total, squares, spread = totals.T
    within = spread / np.maximum(n - count, 1.0)
    trials = (n - n2 / n) / np.maximum(count - 1.0, 1.0)
    among = np.maximum(squares - total**2 / n, 0.0) / np.maximum(count - 1.0, 1.0)
    return np.stack([among, within, trials])


def _jackknife(parts: Floats, level: float) -> tuple[float, float] | None:
    """The delete-one jackknife interval of the intraclass correlation, cut to 0 .. 1, made on the scale of the log of
    the mean squares' ratio, where it is near normal (Arvesen, Ann Math Statist 40:2076, 1969)."""
    whole = parts.sum(axis=0)
    left_out = whole - parts
    if (left_out[:, 1] <= left_out[:, 0]).any():  # without one example no other has two trials
        return None
    among, within, trials = _components(np.vstack([whole, left_out]))
    if not (among.min() > 0.0 and within.min() > 0.0):
        return None
    ratio, count = np.log(among / within), len(parts)
    pseudo = count * ratio[0] - (count - 1) * ratio[1:]
    reach = t_ppf(0.5 * (1.0 + level), count - 1.0) * float(pseudo.std(ddof=1)) / math.sqrt(count)
    low, high = (math.exp(ratio[0] + side * reach) for side in (-1.0, 1.0))
    size = float(trials[0])
    lo, hi = (min(1.0, max(0.0, (each - 1.0) / (each + size - 1.0))) for each in (low, high))
    return lo, hi
