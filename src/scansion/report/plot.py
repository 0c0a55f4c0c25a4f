"""The interval plot of a run as inline SVG: one line per variant, its mean as a dot, its bounds as a thin line."""

from __future__ import annotations

import math
from html import escape

from scansion.experiments.results import RunResult, VariantResult
from scansion.report.figures import Scale, scale_of
from scansion.report.text import one_line, wrap

__all__ = ["intervals"]

_LEFT, _WIDTH, _RIGHT, _TOP, _LINE, _GAP = 230, 480, 90, 10, 14, 14  # pixels
_CELLS = 32  # of a name on one line


class _Axis:
    """Places values between two round ends on the plot's width."""

    def __init__(self, low: float, high: float) -> None:
        span = max(high - low, 1e-9)
        step = 10.0 ** math.floor(math.log10(span / 4))
        self.step: float = next((step * f for f in (1, 2, 2.5, 5, 10) if span / (step * f) <= 6), step * 10)
        self.low = math.floor(low / self.step + 1e-9) * self.step
        self.high = max(math.ceil(high / self.step - 1e-9) * self.step, self.low + self.step)

    def x(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(_LEFT + _WIDTH * min(1.0, max(0.0, share)), 1)

    def ticks(self) -> list[float]:
        return [self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1)]


def intervals(result: RunResult) -> str:
    """The plot, or nothing where no variant has a mean."""
    shown = [v for v in result.variants if v.mean is not None]
    if not shown:
        return ""
    scale = scale_of(result)
    ends = [x for v in shown for x in (v.mean, *(v.interval or ()), *_bounds(v)) if x is not None]
    axis = _Axis(min(ends), max(ends))
    rows, bottom = "", _TOP
    for variant in shown:
        name = wrap(one_line(variant.name), _CELLS)
        height = _LINE * len(name) + _GAP
        rows += _row(variant, name, bottom + height / 2, axis, scale)
        bottom += height
    size = f"{_LEFT + _WIDTH + _RIGHT} {bottom + 26}"
    label = escape("Means with intervals: " + "; ".join(f"{one_line(v.name)} {scale.mean(v.mean)}" for v in shown))
    return f'<svg viewBox="0 0 {size}" role="img" aria-label="{label}">{_grid(axis, bottom, scale)}{rows}</svg>'


def _bounds(variant: VariantResult) -> tuple[float, ...]:
    return (variant.bounds or ()) if variant.unscored or variant.errors or variant.unreached else ()


def _grid(axis: _Axis, bottom: int, scale: Scale) -> str:
    parts = []
    for value in axis.ticks():
        x = axis.x(value)
        text = f"{100 * value:.4g}%" if scale.percent else f"{value:.4g}"
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{text}</text>')
    return "".join(parts)


def _row(variant: VariantResult, name: list[str], y: float, axis: _Axis, scale: Scale) -> str:
    top = y + 4 - _LINE * (len(name) - 1) / 2
    parts = [
        f'<text x="{_LEFT - 12}" y="{top + _LINE * i}" text-anchor="end">{escape(line)}</text>'
        for i, line in enumerate(name)
    ]
    for css, pair in (("bounds", _bounds(variant)), ("interval", variant.interval or ())):
        if pair:
            parts.append(f'<line class="{css}" x1="{axis.x(pair[0])}" x2="{axis.x(pair[1])}" y1="{y}" y2="{y}"/>')
    x = axis.x(variant.mean or 0.0)
    parts.append(f'<circle cx="{x}" cy="{y}" r="4.5"/>')
    parts.append(f'<text x="{_LEFT + _WIDTH + 12}" y="{y + 4}">{scale.mean(variant.mean)}</text>')
    return "".join(parts)
