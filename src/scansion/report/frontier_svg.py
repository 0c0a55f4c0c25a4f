"""The plot of quality against cost as SVG: numbered points with intervals both ways, the frontier as a step line.

Labels are numbers, set where they cover neither a point nor each other; a legend below gives the names. Colours are
those of the page, by class; `alone` brings them along, for light and dark.
"""

from __future__ import annotations

import math
from html import escape

from msgspec import Struct

from scansion.experiments.frontier import Frontier, FrontierPoint
from scansion.report.figures import Scale
from scansion.report.frontier import about, cost_text, cost_title, said, scale_of, shown
from scansion.report.frontier_axes import Axis
from scansion.report.text import wrap

__all__ = ["CELLS", "Frame", "alone", "inline", "place_labels"]

_WIDTH, _LEFT, _RIGHT, _TOP, _HEIGHT, _LINE = 800, 66, 24, 14, 320, 18  # pixels
_PLOT = _WIDTH - _LEFT - _RIGHT
CELLS = 100  # of a legend's line
_RADIUS = 4.5
_RINGS = (13.0, 24.0, 36.0, 50.0, 66.0)  # how far from its point a number may stand, in pixels

_STYLE = """
svg { --ink: #1b1d22; --soft: #5c6370; --line: #d9dce3; --page: #ffffff; --mark: #2456b8;
  font: 12px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e6e8ee; --soft: #9aa1b0; --line: #363b47; --page: #14161a; --mark: #86aef5; } }
text { fill: var(--ink); }
.page { fill: var(--page); }
.grid { stroke: var(--line); }
.whisker { stroke: var(--mark); stroke-width: 1.5; opacity: 0.55; }
.step { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 3; fill: none; }
.leader { stroke: var(--soft); stroke-width: 0.8; }
.on { fill: var(--mark); }
.off { fill: var(--page); stroke: var(--mark); stroke-width: 1.5; }
.number { font-weight: 600; }
"""


class Frame(Struct, frozen=True):
    """The axes of a plot, and the pixels of values on them."""

    across: Axis
    up: Axis

    @classmethod
    def of(cls, frontier: Frontier) -> Frame:
        """The frame that takes in all points and their intervals."""
        points = frontier.points
        across = [x for p in points for x in (p.cost, *_ends(p.cost_interval or (), frontier))]
        return cls(Axis.of(across, ratio=True), Axis.of([y for p in points for y in (p.mean, *(p.interval or ()))]))

    def places(self, points: list[FrontierPoint]) -> list[tuple[float, float]]:
        """The pixels of points."""
        return [(self.x(point.cost), self.y(point.mean)) for point in points]

    def x(self, cost: float) -> float:
        return round(_LEFT + _PLOT * self.across.share(cost), 1)

    def y(self, mean: float) -> float:
        return round(_TOP + _HEIGHT * (1 - self.up.share(mean)), 1)


def inline(frontier: Frontier) -> str:
    """The plot for a page that has its classes in its style; nothing where there is no frontier to speak of."""
    return _drawn(shown(frontier), "", "") if frontier.varies else ""


def alone(frontier: Frontier) -> str:
    """The plot as an SVG file of its own."""
    drawn = _drawn(shown(frontier), ' xmlns="http://www.w3.org/2000/svg"', f"<style>{_STYLE}</style>")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawn}\n'


def _drawn(frontier: Frontier, space: str, style: str) -> str:
    points, scale = frontier.points, scale_of(frontier)
    frame = Frame.of(frontier)
    legend = _legend(frontier)
    height = _TOP + _HEIGHT + 58 + _LINE * legend.count(f'<text x="{_LEFT}"')
    head = f'<svg{space} viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(_label(frontier, scale))}">'
    page = f'<rect class="page" width="{_WIDTH}" height="{height}"/>' if style else ""
    whiskers = "".join(_whiskers(point, frame) for point in points)
    parts = [_grid(frame, frontier, scale), whiskers, _steps(points, frame), _dots(points, frame), legend]
    return f"{head}{style}{page}{''.join(parts)}</svg>"


def _ends(pair: tuple[float, ...], frontier: Frontier) -> tuple[float, ...]:
    """The ends of an interval that an axis is to take in: a lower end of 0 would leave no place for ratios."""
    lowest = min(point.cost for point in frontier.points)
    return tuple(end for end in pair if end > 0.2 * lowest)


def _label(frontier: Frontier, scale: Scale) -> str:
    each = [f"{p.name} {scale.mean(p.mean)} at {cost_text(p.cost, frontier)}" for p in frontier.points]
    return f"{about(frontier)}: {'; '.join(each)}. {'. '.join(said(frontier))}"


def _grid(frame: Frame, frontier: Frontier, scale: Scale) -> str:
    bottom, parts = _TOP + _HEIGHT, []
    for tick in frame.across.ticks:
        x = frame.x(tick)
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{x}" y="{bottom + 17}" text-anchor="middle">{cost_text(tick, frontier)}</text>')
    for tick in frame.up.ticks:
        y = frame.y(tick)
        text = f"{100 * tick:.4g}%" if scale.percent else f"{tick:.4g}"
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _PLOT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{text}</text>')
    ratio = ", by ratio" if frame.across.ratio else ""
    title = f"{cost_title(frontier)}{' outcomes' if frontier.by == 'cost' else ' an outcome'}{ratio}"
    parts.append(f'<text x="{_LEFT + _PLOT / 2}" y="{bottom + 36}" text-anchor="middle">{title}</text>')
    return "".join(parts)


def _whiskers(point: FrontierPoint, frame: Frame) -> str:
    x, y = frame.x(point.cost), frame.y(point.mean)
    left, right = (frame.x(end) for end in point.cost_interval or (point.cost, point.cost))
    parts = [f'<line class="whisker" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'] if left < right else []
    if point.interval is not None:
        low, high = (frame.y(end) for end in point.interval)
        parts.append(f'<line class="whisker" x1="{x}" x2="{x}" y1="{high}" y2="{low}"/>')
    return "".join(parts)


def _steps(points: list[FrontierPoint], frame: Frame) -> str:
    """The frontier: the best mean that is to be had at each cost."""
    kept = [point for point in points if not point.dominated_by]
    if len(kept) < 2:
        return ""
    path = f"M{frame.x(kept[0].cost)} {frame.y(kept[0].mean)}"
    path += "".join(f"H{frame.x(point.cost)}V{frame.y(point.mean)}" for point in kept[1:])
    return f'<path class="step" d="{path}H{_LEFT + _PLOT}"/>'


def _dots(points: list[FrontierPoint], frame: Frame) -> str:
    places = frame.places(points)
    parts = []
    for number, (point, (x, y), (at, to)) in enumerate(zip(points, places, place_labels(places), strict=True), 1):
        if math.hypot(at - x, to - y) > _RINGS[0] + 1:
            parts.append(f'<line class="leader" x1="{x}" y1="{y}" x2="{at}" y2="{to}"/>')
        parts.append(f'<circle class="{"off" if point.dominated_by else "on"}" cx="{x}" cy="{y}" r="{_RADIUS}"/>')
        parts.append(f'<text class="number" x="{at}" y="{round(to + 4, 1)}" text-anchor="middle">{number}</text>')
    return "".join(parts)


def place_labels(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The centre of each point's number, in pixels: the nearest place that covers no point and no other number."""
    taken: list[tuple[float, float]] = []
    for x, y in places:
        free = (spot for spot in _spots(x, y) if _is_free(spot, places, taken))
        taken.append(next(free, (x, y - _RINGS[0])))
    return taken


def _spots(x: float, y: float) -> list[tuple[float, float]]:
    """Places around a point, the nearest first, those beside its whiskers before those on them."""
    turns = [45, 135, 225, 315, 70, 110, 250, 290, 20, 160, 200, 340]
    found = [(r * math.cos(math.radians(t)), -r * math.sin(math.radians(t))) for r in _RINGS for t in turns]
    return [(round(x + dx, 1), round(y + dy, 1)) for dx, dy in found]


def _is_free(spot: tuple[float, float], places: list[tuple[float, float]], taken: list[tuple[float, float]]) -> bool:
    x, y = spot
    if not (_LEFT + 8 <= x <= _LEFT + _PLOT + 14 and 8 <= y <= _TOP + _HEIGHT - 6):
        return False
    clear = all(abs(x - a) > 8 + _RADIUS or abs(y - b) > 6 + _RADIUS for a, b in places)
    return clear and all(abs(x - a) > 17 or abs(y - b) > 13 for a, b in taken)


def _legend(frontier: Frontier) -> str:
    """The names of the numbers; those that are dominated say by whom."""
    y, parts = _TOP + _HEIGHT + 44, []
    numbers = {point.name: number for number, point in enumerate(frontier.points, 1)}
    for number, point in enumerate(frontier.points, 1):
        by = ", ".join(str(numbers[name]) for name in point.surely_by or point.dominated_by)
        sure = "surely dominated" if point.surely_by else "dominated"
        lines = wrap(point.name + (f" ({sure} by {by})" if by else ""), CELLS)
        for index, line in enumerate(lines):
            y += _LINE
            if index == 0:
                parts.append(f'<text class="number" x="{_LEFT - 8}" y="{y}" text-anchor="end">{number}</text>')
            parts.append(f'<text x="{_LEFT}" y="{y}">{escape(line)}</text>')
    return "".join(parts)
