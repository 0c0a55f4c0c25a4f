"""Quality beside cost in a terminal: the variants by cost, a plot of them, and who is dominated."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import structs

from scansion.experiments.frontier import Frontier, FrontierPoint
from scansion.report.figures import NONE, Scale, seconds
from scansion.report.frontier_axes import Axis
from scansion.report.names import shortener
from scansion.report.table import Column, grid
from scansion.report.text import hanging, one_line

__all__ = ["about", "columns_of", "cost_text", "cost_title", "render", "said", "scale_of", "shown"]

_HEIGHT, _MARGIN = 13, 9  # lines of the plot, and cells left of it
_NAMES = 14  # cells that names get in the table, at least

_TITLES = {"cost": "USD per 1,000", "latency": "latency", "calls": "calls", "tokens": "tokens"}


def shown(frontier: Frontier) -> Frontier:
    """The frontier with its names as they are shown."""
    names = [point.name for point in frontier.points]
    short = shortener({name.split(" | ")[-1] for name in names})

    def of(some: Sequence[str]) -> list[str]:
        return [one_line(short(name)) for name in some]

    points = [
        structs.replace(p, name=of([p.name])[0], dominated_by=of(p.dominated_by), surely_by=of(p.surely_by))
        for p in frontier.points
    ]
    return structs.replace(frontier, points=points, missing=of(frontier.missing), notes=of(frontier.notes))


def scale_of(frontier: Frontier) -> Scale:
    """Percent, unless a mean lies outside 0 to 1."""
    return Scale(all(0 <= point.mean <= 1 for point in frontier.points))


def cost_title(frontier: Frontier) -> str:
    """What a cost is, with its unit."""
    return _TITLES[frontier.by]


def cost_text(value: float, frontier: Frontier) -> str:
    """A cost as it is written, in the unit of `cost_title`."""
    if frontier.by == "cost":
        return _money(1000 * value)
    if frontier.by == "latency":
        return seconds(value)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _money(value: float) -> str:
    """An amount with three digits that count: `0.0429`, `0.21`, `1,240`."""
    if value == 0.0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def columns_of(frontier: Frontier) -> list[Column]:
    """The columns of the table; variants are numbered as in the plots."""
    scale, points = scale_of(frontier), frontier.points
    numbers = {point.name: i + 1 for i, point in enumerate(points)}
    columns = [
        Column("variant", [f"{i + 1} {point.name}" for i, point in enumerate(points)], right=False),
        Column("mean", [scale.mean(point.mean) for point in points]),
        Column("interval", [scale.span(point.interval) for point in points]),
    ]
    if any(point.bounds for point in points):
        columns.append(Column("bounds", [scale.span(point.bounds) for point in points]))
    columns.append(Column(cost_title(frontier), [cost_text(point.cost, frontier) for point in points]))
    columns.append(Column("interval", [_span(point.cost_interval, frontier) for point in points]))
    if any(point.dominated_by for point in points):
        columns.append(Column("dominated", [_by(point, numbers) for point in points], right=False))
    return columns


def _span(pair: tuple[float, float] | None, frontier: Frontier) -> str:
    return NONE if pair is None else f"[{', '.join(cost_text(end, frontier) for end in pair)}]"


def _by(point: FrontierPoint, numbers: dict[str, int]) -> str:
    if point.surely_by:
        return "surely, by " + ",".join(str(numbers[name]) for name in point.surely_by)
    return "by " + ",".join(str(numbers[name]) for name in point.dominated_by) if point.dominated_by else ""


def about(frontier: Frontier) -> str:
    """What the figures are of."""
    what = {"cost": "USD per 1,000 outcomes", "latency": "mean seconds of an outcome"}.get(frontier.by)
    return f"mean score against {what or f'{frontier.by} an outcome'}; {100 * frontier.level:.4g}% intervals"


def said(frontier: Frontier) -> list[str]:
    """The frontier and what is dominated, in sentences."""
    lines = []
    for point in frontier.points:
        if point.surely_by:
            other = next(p for p in frontier.points if p.name == point.surely_by[0])
            how = "costs no more" if other.cost == point.cost else "costs less"
            good = "is better" if frontier.margin is None else "is at least as good"
            lines.append(f"`{point.name}` is surely dominated: `{other.name}` {good} and {how}")
        elif point.dominated_by:
            lines.append(
                f"`{point.name}` is dominated by `{point.dominated_by[0]}` as measured; the evidence does not settle it"
            )
    kept = [f"`{point.name}`" for point in frontier.points if not point.dominated_by]
    lines.append(f"the frontier, from the cheapest: {', '.join(kept)}")
    if frontier.missing:
        lines.append(f"not shown, without a mean or a known {frontier.by}: {', '.join(frontier.missing)}")
    return [*lines, *frontier.notes]


def render(frontier: Frontier, width: int = 80) -> str:
    """The frontier as text for a terminal of `width` cells, ended by a newline."""
    frontier = shown(frontier)
    lines = hanging(f"run {frontier.run}: {about(frontier)}", width)
    lines += ["", *_table(frontier, width)]
    if frontier.varies:
        lines += ["", *_plot(frontier, min(width, 100))]
    lines += ["", *(line for text in said(frontier) for line in hanging(text, width))]
    return "\n".join(lines) + "\n"


def _table(frontier: Frontier, width: int) -> list[str]:
    """The table; names that have no room in it stand above, with their numbers."""
    names, *rest = columns_of(frontier)
    room = width - sum(column.width + 2 for column in rest)
    if room >= min(names.width, _NAMES):
        return grid([names, *rest], width)
    numbers = Column("variant", [name.partition(" ")[0] for name in names.values], right=False)
    return [*(line for name in names.values for line in hanging(name, width)), "", *grid([numbers, *rest], width)]


def _plot(frontier: Frontier, width: int) -> list[str]:
    """The variants' numbers at their places; where two meet, the next free cell on the right or the left."""
    points, room = frontier.points, width - _MARGIN - 4
    across = Axis.of([point.cost for point in points], ratio=True)
    up = Axis.of([point.mean for point in points])
    cells: dict[tuple[int, int], str] = {}
    for number, point in enumerate(points, 1):
        at, line = round(across.share(point.cost) * room), round((1 - up.share(point.mean)) * (_HEIGHT - 1))
        _put(cells, str(number), at, line, room)
    scale = scale_of(frontier)
    heights = {round((1 - up.share(tick)) * (_HEIGHT - 1)): scale.mean(tick) for tick in up.ticks}
    lines = []
    for line in range(_HEIGHT):
        row = "".join(cells.get((line, at), " ") for at in range(room + 3))
        lines.append(f"{heights.get(line, ''):>{_MARGIN - 2}} |{row}".rstrip())
    return [*lines, " " * (_MARGIN - 1) + "+" + "-" * (room + 3), _ticks(frontier, across, room, width)]


def _put(cells: dict[tuple[int, int], str], text: str, at: int, line: int, room: int) -> None:
    for step in range(room + 3):
        for start in (at + step, at - step):
            taken = range(start - 1, start + len(text) + 1)
            inside = start >= 0 and start + len(text) <= room + 3
            if inside and not any((line, place) in cells for place in taken):
                cells.update({(line, start + i): sign for i, sign in enumerate(text)})
                return


def _ticks(frontier: Frontier, across: Axis, room: int, width: int) -> str:
    """The line of figures below the plot, ended by what they are."""
    text = ""
    title = f" {cost_title(frontier)}"
    for tick in across.ticks:
        label, at = cost_text(tick, frontier), _MARGIN + round(across.share(tick) * room)
        start = max(0, at - len(label) // 2)
        if start > len(text) + 1 and start + len(label) + len(title) <= width:
            text = text.ljust(start) + label
    return text + title
