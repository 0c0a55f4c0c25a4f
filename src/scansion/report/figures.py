"""How figures are written: shares, differences, money, times, counts."""

from __future__ import annotations

import math

from msgspec import Struct

from scansion.experiments.results import Agreement, RunResult

__all__ = [
    "NONE",
    "Scale",
    "coefficient",
    "coefficient_span",
    "count",
    "kappa",
    "kappa_said",
    "percent",
    "plural",
    "probability",
    "scale_of",
    "seconds",
    "usd",
]

NONE = "-"

_ZERO = 1e-9  # what is nearer to 0 differs from it by rounding alone


class Scale(Struct, frozen=True):
    """How scores are written: as shares of 1 in percent, or as they are (`percent` is False)."""

    percent: bool = True

    def mean(self, value: float | None) -> str:
        """A mean, such as `71.5%`."""
        if value is None:
            return NONE
        return f"{100 * value:.1f}%" if self.percent else f"{value:.3g}"

    def span(self, pair: tuple[float, float] | None) -> str:
        """An interval or bounds, such as `[64.9, 77.3]`."""
        if pair is None:
            return NONE
        low, high = (_points(v) if self.percent else f"{v:.3g}" for v in pair)
        return f"[{low}, {high}]"

    def difference(self, value: float) -> str:
        """A difference of means with its sign, such as `+12.3 points`."""
        return f"{100 * value:+.1f} points" if self.percent else f"{value:+.3g}"

    def margin(self, value: float) -> str:
        """A margin, such as `2.0 points`."""
        return f"{100 * value:.1f} points" if self.percent else f"{value:.3g}"


def scale_of(result: RunResult) -> Scale:
    """Percent, unless a mean lies outside 0 to 1."""
    means = [v.mean for v in result.variants if v.mean is not None]
    return Scale(all(0 <= m <= 1 for m in means))


def _points(value: float) -> str:
    """A share in points; one that is not 0 is not written as 0, since verdicts go by its sign."""
    text = f"{100 * value:.1f}"
    return f"{100 * value:.1g}" if abs(value) > _ZERO and text in ("0.0", "-0.0") else text


def usd(value: float | None) -> str:
    """An amount in US dollars without its unit, in plain decimals: cents, two significant digits below
    one cent, fewer decimals from 100 on."""
    if value is None:
        return NONE
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 0.01:
        return f"{value:,.{2 if size < 100 else 1 if size < 1000 else 0}f}"
    places = 1 - math.floor(math.log10(size))
    return f"{value:.{places}f}".rstrip("0")


def seconds(value: float | None) -> str:
    """A time, such as `340ms`, `1.2s`, `2m05s`, `3h10m`."""
    if value is None:
        return NONE
    if value < 0.9995:
        return f"{1000 * value:.0f}ms"
    if value < 60:
        return f"{value:.1f}s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def count(value: int) -> str:
    """A whole number with thousands separators."""
    return f"{value:,}"


def plural(value: int, word: str) -> str:
    """A count with its noun: `1 call`, `200 calls`."""
    return f"{value:,} {word}" + ("" if value == 1 else "s")


def percent(value: float | None) -> str:
    """A share in whole percent, such as `72%`."""
    return NONE if value is None else f"{100 * value:.0f}%"


def coefficient(value: float | None) -> str:
    """A coefficient of agreement, such as `0.61`."""
    return NONE if value is None else f"{value:.2f}"


def coefficient_span(pair: tuple[float, float] | None) -> str:
    """The interval or bounds of one, such as `[0.42, 0.80]`."""
    return NONE if pair is None else f"[{pair[0]:.2f}, {pair[1]:.2f}]"


def kappa(found: Agreement) -> tuple[str, str]:
    """Cohen's kappa and its interval, such as `0.61` and `[0.42, 0.80]`."""
    return coefficient(found.kappa), coefficient_span(found.kappa_interval)


def kappa_said(found: Agreement) -> str:
    """Cohen's kappa in a sentence."""
    if found.kappa is None:
        return "Cohen's kappa is not defined (both gave one same answer throughout)"
    return " ".join(["Cohen's kappa", *(part for part in kappa(found) if part != NONE)])


def probability(value: float) -> str:
    """A p-value, such as `p=0.004` or `p<0.001`."""
    return "p<0.001" if value < 0.001 else f"p={value:.3f}".rstrip("0").rstrip(".") if value < 1 else "p=1"
