"""An axis of a plot: between two round ends, by difference or by ratio, with its ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

__all__ = ["Axis"]

_FAR = 12.0  # times the least value that the greatest is, from which on an axis goes by ratio


class Axis(Struct, frozen=True):
    """Places values between `low` and `high`; `ratio` says that equal steps are equal ratios."""

    low: float
    high: float
    ticks: list[float]
    ratio: bool = False

    @classmethod
    def of(cls, values: Sequence[float], *, ratio: bool = False) -> Axis:
        """An axis that takes in `values`; by ratio where that is allowed and they differ many times over."""
        low, high = min(values), max(values)
        if ratio and low > 0.0 and high / low >= _FAR:
            return cls._of_ratios(low, high)
        span = max(high - low, 1e-9 * max(1.0, abs(high)), 1e-12)
        size = 10.0 ** math.floor(math.log10(span / 4))
        step = next((size * f for f in (1, 2, 2.5, 5, 10) if span / (size * f) <= 6), size * 10)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        last = max(last, first + 1)
        return cls(first * step, last * step, [i * step for i in range(first, last + 1)])

    @classmethod
    def _of_ratios(cls, low: float, high: float) -> Axis:
        tens = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1, 2, 5) if high / low < 1e3 else (1,)
        marks = [s * 10.0**t for t in tens for s in steps]
        first = max((m for m in marks if m <= low), default=low)
        last = min((m for m in marks if m >= high), default=high)
        return cls(first, last, [m for m in marks if first <= m <= last], ratio=True)

    def share(self, value: float) -> float:
        """Where a value lies, from 0 to 1; what is beyond an end is put on it."""
        if self.ratio:
            value = max(value, self.low)
            found = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            found = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, found))
