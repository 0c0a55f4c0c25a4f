"""Confidence sequences: an interval of a mean that holds at every moment at once, however often one looks at it.

An ordinary interval at 95% is right in 95 of 100 experiments if it is computed once, at a number of rows fixed before.
Who computes it after every row and stops at the first verdict is wrong far more often. A confidence sequence contains
the true mean at all moments together in 95 of 100 experiments, so one may stop as soon as it decides.

It holds every mean against which neither of two gamblers has won much: one stakes on values above the mean, one on
values below it (the hedged capital of `betting`), and a mean is left out once either has multiplied the stake by
2 / alpha.

Two sequences run together. One is about all inputs like these (values drawn independently, as by chance from an
endless supply); one about the mean of this data set (drawn from it without replacement), which narrows to a point as
the data come to an end. What is claimed must hold in both: with the second alone, two equal prompts would be called
different by the last few rows of every data set, since their means over it are hardly ever equal to the last digit.

Source: I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 86:1, 2024 (arXiv
2010.09686): hedged capital confidence sequences, and betting while sampling without replacement.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from scansion.stats.betting import BETS, CERTAIN, LOG_WEIGHTS, Draws, Floats, growth, mixed, slopes, tangent

__all__ = ["ConfidenceSequence", "Path", "confidence_sequence"]

_SLACK = 1.0  # how far ln capital at a tracked mean may pass the bar: the bound then lags by 0.3% of the half width
_NO_GROWTH = 1e-9  # ln capital up to which nothing was won
_HALVINGS = 30
_PIECE = 4096  # values that are worked on at once
_NULL, _NEAR = 0, 1  # the two means tracked on each side: that of no difference, and one just outside the bound


class Path(Struct, frozen=True):
    """A confidence sequence after each value: arrays of one length.

    `lows` and `highs` are the ends of the interval that claims use, `ps` the anytime-valid p of the null mean.
    """

    lows: Floats
    highs: Floats
    ps: Floats


def confidence_sequence(
    values: Any, *, low: float = -1.0, high: float = 1.0, alpha: float = 0.05, total: int | None = None
) -> Path:
    """The path of `ConfidenceSequence` over `values`, looked at after each one; raises ValueError as it does."""
    sequence = ConfidenceSequence(low=low, high=high, alpha=alpha, total=total)
    return sequence.path(values)


class ConfidenceSequence:
    """The confidence sequence of the mean of values in `low` .. `high`, at level 1 - `alpha`.

    Values are one per independent unit, such as the difference b - a of an example's two scores, in an order that does
    not depend on them. `total` is the number of units of the data set; None where only future rows matter. `null` is
    the mean that `p` is about. Raises ValueError for settings that make no sense.

    Adding a value takes a fixed time; the interval is worked out when it is asked for, as if looked at after each. From
    256 values on it is renewed at every second value, from 512 at every fourth, ..., and at the last of `total`.
    """

    def __init__(
        self,
        *,
        low: float = -1.0,
        high: float = 1.0,
        alpha: float = 0.05,
        total: int | None = None,
        null: float = 0.0,
    ) -> None:
        if not (math.isfinite(low) and math.isfinite(high) and low < null < high):
            raise ValueError(f"the null mean {null:g} must lie between low {low:g} and high {high:g}")
        if not 0.0 < alpha < 1.0:
            raise ValueError(f"alpha lies between 0 and 1, not at {alpha:g}")
        if total is not None and total < 1:
            raise ValueError(f"a total is 1 or more, not {total}")
        self.low, self.high, self.alpha, self.total, self.null = low, high, alpha, total, null
        self._new: list[float] = []
        self._count = self._done = 0
        self._sum = 0.0
        self._renewal = 1  # the number of values at which the bounds are next renewed
        self._interval = low, high
        self._last = np.zeros(1, dtype=np.int64), Path(np.array([low]), np.array([high]), np.ones(1))
        counts = [math.inf] if total is None else [math.inf, float(total)]
        self._ranges = [_Range(self, count) for count in counts]

    @property
    def n(self) -> int:
        """How many values were added."""
        return self._count

    @property
    def mean(self) -> float | None:
        """Their mean; None where there are none."""
        return self._sum / self._count if self._count else None

    def add(self, value: float) -> None:
        """One more value; raises ValueError where it is not within `low` .. `high`, or one more than `total`."""
        if not self.low <= value <= self.high:
            raise ValueError(f"a value must lie in {self.low:g} .. {self.high:g}, not at {value}")
        if self.total is not None and self._count >= self.total:
            raise ValueError(f"more values than the {self.total} that there are")
        self._new.append(float(value))
        self._count += 1
        self._sum += value

    def extend(self, values: Any) -> None:
        """Many values, in their order: the same as `add` for each."""
        x = np.asarray(values, dtype=np.float64).ravel()
        if x.size and not (x.min() >= self.low and x.max() <= self.high):
            raise ValueError(f"values must lie in {self.low:g} .. {self.high:g}")
        if self.total is not None and self._count + x.size > self.total:
            raise ValueError(f"more values than the {self.total} that there are")
        self._new.extend(x.tolist())
        self._count += x.size
        self._sum += float(x.sum())

    def path(self, values: Any) -> Path:
        """`extend` by `values`, and what the sequence was after each of them."""
        self._catch_up()
        before = self._count
        self.extend(values)
        n, path = self._catch_up()
        at = np.searchsorted(n, np.arange(before + 1, self._count + 1), side="right") - 1
        return Path(path.lows[at], path.highs[at], path.ps[at])

    @property
    def interval(self) -> tuple[float, float]:
        """The interval that claims use: it spans `rows_like_these` and `this_data`."""
        if self._count >= self._renewal:
            self._catch_up()
        return self._interval

    @property
    def rows_like_these(self) -> tuple[float, float]:
        """The interval of the mean over all inputs like these."""
        self._catch_up()
        return self._ranges[0].lo, self._ranges[0].hi

    @property
    def this_data(self) -> tuple[float, float] | None:
        """The interval of the mean over the `total` units of this data set; None without a total."""
        self._catch_up()
        return None if self.total is None else (self._ranges[1].lo, self._ranges[1].hi)

    @property
    def p(self) -> float:
        """The anytime-valid p of "the mean is `null`", the greater of both: 2 over the greatest capital so far."""
        self._catch_up()
        return max(r.p for r in self._ranges)

    def values_needed(self, mean: float, *, above: bool) -> float | None:
        """At how many values in all `mean` would be left out from below (`above`: the mean of all inputs like these is
        above it) or from above, were they like those so far; None where it never would.

        ln capital of each bet is taken to grow by as much a value as it has so far, until their mixture reaches the
        bar. Raises ValueError for a `mean` that is not within `low` .. `high`.
        """
        if not self.low < mean < self.high:
            raise ValueError(f"a mean to leave out lies between {self.low:g} and {self.high:g}, not at {mean:g}")
        self._catch_up()
        return self._ranges[0].needed(0 if above else 1, mean - self.low if above else self.high - mean)

    def _catch_up(self) -> tuple[NDArray[np.int64], Path]:
        """Take in what is due: the numbers of values at which the bounds were renewed, and the path there, from the
        last time before on."""
        n, found = [self._last[0]], [self._last[1]]
        while size := self._due():
            every = min(size, _every(self._done))
            values = np.array(self._new[:size])
            del self._new[:size]
            found.append(_joint([r.extend(values, every) for r in self._ranges]))
            n.append(self._done + every * np.arange(1, size // every + 1))
            self._done += size
        if len(n) > 1:
            path = _in_turn(found)
            self._last = n[-1][-1:], Path(path.lows[-1:], path.highs[-1:], path.ps[-1:])
            self._interval = float(path.lows[-1]), float(path.highs[-1])
            self._renewal = min(self._done + _every(self._done), self.total or sys.maxsize)
            return np.concatenate(n), path
        return self._last

    def _due(self) -> int:
        """How many of the new values are taken in next, with one renewal of the bounds at every `_every` of them."""
        waiting, every = len(self._new), _every(self._done)
        if waiting < every:
            return waiting if self._count == self.total else 0
        size = min(waiting, _next_every(self._done) - self._done)
        return size - size % every


def _in_turn(paths: list[Path]) -> Path:
    """One path after the other."""
    lows, highs, ps = zip(*((path.lows, path.highs, path.ps) for path in paths), strict=True)
    return Path(np.concatenate(lows), np.concatenate(highs), np.concatenate(ps))


def _joint(paths: list[Path]) -> Path:
    """What claims use: the span of the intervals, and the greater p."""
    return Path(
        np.min([path.lows for path in paths], axis=0),
        np.max([path.highs for path in paths], axis=0),
        np.max([path.ps for path in paths], axis=0),
    )


class _Range:
    """The two bounds of one mean, drawn from `count` values (infinite: with replacement), as values come.

    On either side (0: from below; 1: from above, values mirrored) ln capital is tracked against two means: the null,
    and one near the bound. Where it is over the bar at the near one, the tangent there gives a mean up to which all are
    left out. Once it is far over the bar, the near mean moves up to the bound, which takes a pass over all values.
    Bounds never widen.
    """

    def __init__(self, sequence: ConfidenceSequence, count: float) -> None:
        self.low, self.high, self.count = sequence.low, sequence.high, count
        self.span = self.high - self.low
        self.bar = math.log(2.0 / sequence.alpha)
        self.nulls = np.array([sequence.null - self.low, self.high - sequence.null])
        self.means = np.stack([self.nulls, np.full(2, 1e-9 * self.span)], axis=1)
        self.log, self.slope = np.zeros((2, 2, len(BETS))), np.zeros((2, len(BETS)))
        self.bounds = np.zeros(2)
        self.best = np.zeros(2)  # the greatest ln capital against the null on each side
        self.lo, self.hi, self.crossed = self.low, self.high, False
        self.z: Floats = np.empty((2, 256))
        self.n, self.sums, self.next_move = 0, np.zeros(2), np.zeros(2)

    @property
    def p(self) -> float:
        """The anytime-valid p of the null."""
        return min(1.0, 2.0 * math.exp(-float(self.best.max())))

    def extend(self, values: Floats, every: int) -> Path:
        """Take `values` in, a multiple of `every`; the bounds and p at every so many of them."""
        found, done = [], 0
        while done < len(values):
            size = min(len(values) - done, max(32, self.n // 4), _PIECE)
            taken, bounds, best = self._take(values[done : done + max(every, size - size % every)], every)
            found.append(self._ends(bounds, best))
            done += taken
        return _in_turn(found)

    def _take(self, values: Floats, every: int) -> tuple[int, Floats, Floats]:
        """Take in values up to where a near mean must move: how many, and the bounds [2, looks] and ln capital against
        the null [2, looks], running maxima, at every so many of them."""
        z = np.stack([values - self.low, self.high - values])
        before = np.cumsum(z, axis=1) - z + self.sums[:, None]
        left = self.count - self.n - np.arange(len(values), dtype=np.float64)
        ratio, steep = Draws(z[:, None], before[:, None], left, self.count).odds(self.means[:, :, None])
        grown, factor = growth(ratio, every)
        logs = np.cumsum(grown, axis=-1) + self.log[..., None]
        drops = np.cumsum(slopes(factor[:, _NEAR], steep[:, _NEAR], every), axis=-1) + self.slope[..., None]
        near, slope = tangent(logs[:, _NEAR], drops)
        best = np.maximum.accumulate(np.maximum(mixed(logs[:, _NULL]), self.best[:, None]), axis=1)
        moves = self._moves(near, best, every)
        looks = int(moves.any(axis=0).argmax()) + 1 if moves.any() else near.shape[1]
        found = self._reached(near, slope, self.means[:, _NEAR, None])
        if math.isfinite(self.count):
            found = np.maximum(found, (before + z)[:, every - 1 :: every] / self.count)  # the rest cannot be below 0
        bounds = np.maximum.accumulate(np.maximum(found, self.bounds[:, None]), axis=1)[:, :looks]
        self._store(z[:, : looks * every])
        self.log, self.slope = logs[..., looks - 1].copy(), drops[..., looks - 1].copy()
        self.bounds, self.best = bounds[:, -1].copy(), best[:, looks - 1].copy()
        for side in np.flatnonzero(moves[:, looks - 1]).tolist():
            bounds[side, -1] = self._move(side)
        return looks * every, bounds, best[:, :looks]

    def _moves(self, near: Floats, best: Floats, every: int) -> NDArray[np.bool_]:
        """Where the near mean of each side must move: far over the bar there, or the null is just left out."""
        n = self.n + every * np.arange(1, near.shape[1] + 1)
        far = (near > self.bar + _SLACK) & (n >= self.next_move[:, None])
        return far | ((best > self.bar) & (self.best <= self.bar)[:, None] & (self.bounds <= self.nulls)[:, None])

    def _reached(self, capital: Floats, slope: Floats, mean: Floats) -> Floats:
        """The mean up to which the tangent at `mean` leaves all out; 0 where it leaves none."""
        over = np.maximum(capital - self.bar, 0.0)
        reach = np.where(capital < CERTAIN / 2, over / np.where(slope < 0.0, -slope, np.inf), 0.0)
        return np.where(over > 0.0, np.minimum(mean * np.exp(np.minimum(reach, 50.0)), self.span), 0.0)

    def _store(self, z: Floats) -> None:
        end = self.n + z.shape[1]
        if end > self.z.shape[1]:
            self.z = np.concatenate([self.z[:, : self.n], np.empty((2, max(end, self.n)))], axis=1)
        self.z[:, self.n : end] = z
        self.n = end
        self.sums += z.sum(axis=1)

    def _move(self, side: int) -> float:
        """Move the near mean of `side` up to the bound, by Newton's steps, each of which stops short of the root."""
        self.next_move[side] = self.n + 1 + self.n // 100
        mean = self.bounds[side]
        if self.best[side] > self.bar:
            mean = max(mean, self.nulls[side])
        if math.isfinite(self.count):
            mean = max(mean, self.sums[side] / self.count + 1e-3 * self.span / self.count)
        for _ in range(6):
            log, slope = self._pass(side, mean)
            capital, steep = tangent(log[:, None], slope[:, None])
            bound = float(self._reached(capital, steep, np.asarray(mean))[0])
            self.means[side, _NEAR], self.log[side, _NEAR], self.slope[side] = mean, log, slope
            self.bounds[side] = max(self.bounds[side], bound)
            if bound <= mean or capital[0] < self.bar + 0.1:
                break
            mean = bound
        return float(self.bounds[side])

    def _pass(self, side: int, mean: float) -> tuple[Floats, Floats]:
        """ln capital and slope at `mean` after all values so far, for each bet."""
        log, slope, before = np.zeros(len(BETS)), np.zeros(len(BETS)), 0.0
        for start in range(0, self.n, _PIECE):
            z = self.z[side, start : min(start + _PIECE, self.n)]
            sums = np.cumsum(z)
            left = self.count - start - np.arange(len(z), dtype=np.float64)
            draws = Draws(z, before + sums - z, left, self.count)
            ratio, steep = draws.odds(np.full(len(z), mean))
            whole = len(z) - len(z) % 32
            for part, every in ((slice(0, whole), 32), (slice(whole, None), 1)):
                grown, factor = growth(ratio[part], every)
                log += grown.sum(axis=-1)
                slope += slopes(factor, steep[part]).sum(axis=-1)
            before += float(sums[-1])
        return log, slope

    def needed(self, side: int, mean: float) -> float | None:
        """The values at which `mean`, as far from this side's end, would be left out at the growth so far."""
        log, _ = self._pass(side, mean)
        grows = log > _NO_GROWTH
        if not grows.any():
            return None
        low, high = 0.0, float(((self.bar - LOG_WEIGHTS[grows]) / log[grows]).min())  # there one bet alone reaches it
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if mixed(middle * log[:, None])[0] >= self.bar else (middle, high)
        return self.n * high

    def _ends(self, bounds: Floats, best: Floats) -> Path:
        """The interval and p from the bounds and best capitals [2, looks]; the last interval stays for what follows."""
        lows, highs = self.low + bounds[0], self.high - bounds[1]
        empty = lows > highs + 1e-9 * self.span
        if self.crossed or empty.any():  # the true mean was missed, with probability alpha; stay at what was last
            first = 0 if self.crossed else int(empty.argmax())
            lows[first:], highs[first:] = (lows[first - 1], highs[first - 1]) if first else (self.lo, self.hi)
            self.crossed = True
        lows, highs = np.minimum(lows, highs), np.maximum(lows, highs)
        self.lo, self.hi = float(lows[-1]), float(highs[-1])
        return Path(lows, highs, np.minimum(1.0, 2.0 * np.exp(-best.max(axis=0))))


def _every(n: int) -> int:
    """After how many more values than `n` the bounds are renewed."""
    return 1 << max(0, n.bit_length() - 8)


def _next_every(n: int) -> int:
    """The number of values from which on they are renewed less often."""
    return 256 if n < 256 else 1 << n.bit_length()
