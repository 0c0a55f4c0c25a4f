"""The frontier as a file: SVG, a page of HTML around it, or PNG."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from scansion.errors import InputError
from scansion.experiments.frontier import Frontier, FrontierPoint
from scansion.report.frontier import about, cost_text, cost_title, said, scale_of, shown
from scansion.report.frontier_svg import CELLS, Frame, alone, place_labels
from scansion.report.text import wrap

__all__ = ["check", "page", "write"]

_BLUE = "#2456b8"
_POINTS = 0.72  # of a pixel of the SVG: 800 of them on 8 inches
_OPENINGS = (b"<?xml", b"<!doctype html>", b"\x89PNG")


def check(path: str) -> None:
    """Raises InputError, before anything is read, for a file that could not be written, that is no plot's, or for PNG
    without matplotlib."""
    from scansion.data import check_target

    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        raise InputError(f"{path}: a plot is written as {', '.join(_WRITERS)}; name one of these")
    file = Path(path)
    ours = file.is_file() and (not file.stat().st_size or _head(file).startswith(_OPENINGS))
    check_target(path, new=not ours)
    if suffix == ".png":
        _matplotlib()


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(20)


def write(frontier: Frontier, path: str) -> None:
    """Writes the plot in the form that the file's name says. Raises InputError as `check` does."""
    check(path)
    _WRITERS[Path(path).suffix.lower()](frontier, Path(path))


def page(frontier: Frontier) -> str:
    """A page of HTML with the plot and what it says, which asks no network."""
    found = shown(frontier)
    svg = alone(frontier).partition("\n")[2]
    lines = "".join(f"<li>{escape(line.replace('`', ''))}</li>" for line in said(found))
    style = ":root { color-scheme: light dark; } body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; "
    style += "max-width: 840px; padding: 0 1rem; } svg { width: 100%; height: auto; }"
    title = escape(f"Quality and cost of {found.run}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style>'
        f"</head><body><h1>{title}</h1><p>{escape(about(found))}</p>{svg}<ul>{lines}</ul></body></html>\n"
    )


def _svg(frontier: Frontier, path: Path) -> None:
    path.write_text(alone(frontier), encoding="utf-8", errors="backslashreplace")


def _html(frontier: Frontier, path: Path) -> None:
    path.write_text(page(frontier), encoding="utf-8", errors="backslashreplace")


def _matplotlib() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError("a PNG plot needs matplotlib: pip install 'scansion[plot]'; .svg and .html do not") from None
    return Figure


def _png(frontier: Frontier, path: Path) -> None:
    """The plot by matplotlib, whose fonts come with it, laid out as the SVG is."""
    found, frame = shown(frontier), Frame.of(frontier)
    legend = [_named(number, point) for number, point in enumerate(found.points, 1)]
    lines = sum(name.count("\n") + 1 for name in legend)
    figure = _matplotlib()(figsize=(8, 4.1 + 0.17 * lines), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    places = frame.places(found.points)
    spots = place_labels(places)
    for number, (point, name, (x, y), (at, to)) in enumerate(zip(found.points, legend, places, spots, strict=True), 1):
        _point(axes, point, name)
        off = (_POINTS * (at - x), -_POINTS * (to - y))
        style = {"textcoords": "offset points", "ha": "center", "va": "center", "weight": "bold", "fontsize": 9}
        axes.annotate(str(number), (point.cost, point.mean), xytext=off, **style)
    _axes(axes, found, frame)
    figure.legend(loc="outside lower left", fontsize=8, frameon=False)
    figure.savefig(path)


def _named(number: int, point: FrontierPoint) -> str:
    name = f"{number} {point.name}{' (dominated)' if point.dominated_by else ''}"
    return "\n".join(wrap(name, CELLS)).replace("$", r"\$")


def _point(axes: Any, point: FrontierPoint, name: str) -> None:
    low, high = point.interval or (point.mean, point.mean)
    left, right = point.cost_interval or (point.cost, point.cost)
    axes.errorbar(
        point.cost,
        point.mean,
        xerr=[[max(0.0, point.cost - left)], [max(0.0, right - point.cost)]],
        yerr=[[max(0.0, point.mean - low)], [max(0.0, high - point.mean)]],
        fmt="o",
        color=_BLUE,
        mfc="white" if point.dominated_by else _BLUE,
        elinewidth=1,
        markersize=5,
        label=name,
    )


def _axes(axes: Any, found: Frontier, frame: Frame) -> None:
    across, up, scale = frame.across, frame.up, scale_of(found)
    if across.ratio:
        axes.set_xscale("log")
        axes.minorticks_off()
    axes.set_xlim(across.low, across.high)
    axes.set_ylim(up.low, up.high)
    axes.set_xticks(across.ticks, [cost_text(tick, found) for tick in across.ticks])
    axes.set_yticks(up.ticks, [f"{100 * tick:.4g}%" if scale.percent else f"{tick:.4g}" for tick in up.ticks])
    axes.set_xlabel(f"{cost_title(found)}{' outcomes' if found.by == 'cost' else ' an outcome'}")
    axes.grid(visible=True, color="#d9dce3")
    axes.set_axisbelow(True)


_WRITERS: dict[str, Callable[[Frontier, Path], None]] = {".svg": _svg, ".html": _html, ".png": _png}
