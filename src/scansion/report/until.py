"""How a comparison was watched until it was decided: sentences, the path of its interval as text and as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from scansion.experiments.results import Comparison, Looked, PathPoint, RunResult, Until, VariantResult
from scansion.report.figures import Scale, count, plural, scale_of
from scansion.report.text import one_line

__all__ = ["came_to", "looked_at", "path_lines", "paths", "remark", "size"]

_LINES = 8  # looks that a terminal shows
_LEAST = 16  # cells that a plot needs to say anything
_LEFT, _WIDTH, _RIGHT, _TOP, _HEIGHT, _BOTTOM = 60, 560, 30, 24, 200, 34  # pixels


def size(found: Looked) -> str:
    """How much of the data was looked at."""
    return f"looked at {count(found.looked)} of {plural(found.of, 'example')}"


def looked_at(result: RunResult) -> list[str]:
    """What the table says of each variant; nothing for a run that is not watched."""
    if result.until is None:
        return []
    return [f"{count(_asked(v))} of {count(result.until.of)}" for v in result.variants]


def _asked(variant: VariantResult) -> int:
    return (variant.scored + variant.unscored + variant.errors) // max(1, variant.trials)


def came_to(found: Comparison) -> Iterable[str]:
    """When a comparison was decided, or why it was not, and the calls that this saved."""
    until = found.until
    if until is None or (not until.looked and not until.stopped and until.of):
        return
    would = "would have been " if until.replayed else ""
    if until.decided_at is not None:
        yield f"{would}decided after {count(until.decided_at)} of {plural(until.of, 'example')}"
    elif until.looked == until.of:
        yield f"undecided after {'all ' if until.of > 1 else ''}{plural(until.of, 'example')}"
    else:
        yield f"undecided after {count(until.looked)} of {plural(until.of, 'example')}{_stopped(until)}"
    if until.decided_at is not None and until.calls_saved:
        yield _saved(until, would)


def _saved(found: Until | Looked, would: str = "") -> str:
    share = 100 * found.calls_saved / (found.calls_saved + found.calls_used)
    return f"{plural(found.calls_saved, 'call')} {would}saved against the fixed design ({share:.0f}%)"


def _stopped(until: Until) -> str:
    words = {
        "budget": ": stopped by the budget",
        "interrupted": ": interrupted",
        "no more outcomes": ": there are no more outcomes of both",
    }
    return words.get(until.stopped, "")


def remark(found: Looked, comparisons: int = 1) -> str:
    """What a reader must know of the figures of a run that stops when decided; of several comparisons also the calls
    that they saved together."""
    said = "figures are over the examples looked at; their intervals hold whenever a run stops"
    if comparisons > 1 and found.calls_saved:
        said = f"in all {_saved(found)}; {said}"
    if found.ahead:
        said += f"; {plural(found.ahead, 'call')} begun ahead of the last look {'is' if found.ahead == 1 else 'are'}"
        said += " kept in the lab and in no figure"
    return said


def path_lines(result: RunResult, width: int) -> list[str]:
    """The paths of all comparisons as lines for a terminal: a heading, and some looks with their intervals drawn."""
    scale, lines = scale_of(result), []
    for found in result.comparisons:
        if found.until is not None and len(found.until.path) > 1:
            names = f"{one_line(found.b)} against {one_line(found.a)}"
            lines += [f"the interval of {names} as it was looked at:", *_drawn(found.until.path, scale, width), ""]
    return lines[:-1]


def _drawn(path: list[PathPoint], scale: Scale, width: int) -> list[str]:
    looks = _few(path)
    reach = max(max(abs(lo), abs(hi)) for _, _, lo, hi in looks) or 1.0
    rows = [(count(n), _signed(difference, scale), scale.span((lo, hi))) for n, difference, lo, hi in looks]
    sizes = [max(len(row[i]) for row in rows) for i in range(3)]
    room = min(48, width - sum(sizes) - 8)
    lines = []
    for row, (_, difference, lo, hi) in zip(rows, looks, strict=True):
        text = "  " + "  ".join(cell.rjust(size) for cell, size in zip(row, sizes, strict=True))
        lines.append(text + ("  " + _bar((lo, difference, hi), reach, room) if room >= _LEAST else ""))
    return [line.rstrip() for line in lines]


def _signed(difference: float, scale: Scale) -> str:
    return f"{100 * difference:+.1f}" if scale.percent else f"{difference:+.3g}"


def _few(path: list[PathPoint]) -> list[PathPoint]:
    """Some looks, evenly spread on a logarithmic scale, with the first and the last."""
    if len(path) <= _LINES:
        return path
    first, last = path[0][0], path[-1][0]
    marks = [first * (last / first) ** (i / (_LINES - 1)) for i in range(_LINES)]
    chosen = {min(path, key=lambda look: abs(look[0] - mark)) for mark in marks}
    return sorted({path[0], *chosen, path[-1]})


def _bar(look: tuple[float, float, float], reach: float, room: int) -> str:
    """An interval between -reach and reach: `[---o---]`, with 0 as `|`."""
    lo, difference, hi = (round((value / reach + 1) / 2 * (room - 1)) for value in look)
    cells = ["-" if lo < i < hi else " " for i in range(room)]
    cells[round((room - 1) / 2)] = "|"
    cells[lo], cells[hi] = "[", "]"
    cells[difference] = "o"
    return "".join(cells)


def paths(result: RunResult) -> str:
    """The path of each comparison's interval as inline SVG: its ends and the difference against the examples."""
    scale = scale_of(result)
    watched = [c for c in result.comparisons if c.until is not None and len(c.until.path) > 1]
    return "".join(_plot(c, c.until.path, scale) for c in watched if c.until is not None)


def _plot(found: Comparison, path: list[PathPoint], scale: Scale) -> str:
    names = f"{one_line(found.b)} against {one_line(found.a)}"
    reach = max(max(abs(lo), abs(hi)) for _, _, lo, hi in path) or 1.0
    ends = [(_x(look[0], path), _y(look[end], reach)) for end in (2, 3) for look in (path if end == 2 else path[::-1])]
    middle = [(_x(look[0], path), _y(look[1], reach)) for look in path]
    low, high = escape(_tick(-reach, scale)), escape(_tick(reach, scale))
    label = escape(f"The interval of the difference, {names}, after each look: {'; '.join(came_to(found))}")
    bottom = _TOP + _HEIGHT
    return (
        f'<svg viewBox="0 0 {_LEFT + _WIDTH + _RIGHT} {bottom + _BOTTOM}" role="img" aria-label="{label}">'
        f'<text x="{_LEFT}" y="{_TOP - 8}">{escape(names)}</text>'
        f'<polygon class="path" points="{_points(ends)}"/>'
        f'<line class="grid" x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{_y(0, reach)}" y2="{_y(0, reach)}"/>'
        f'<polyline class="seen" points="{_points(middle)}"/>'
        f'<text x="{_LEFT - 8}" y="{_TOP + 8}" text-anchor="end">{high}</text>'
        f'<text x="{_LEFT - 8}" y="{_y(0, reach) + 4}" text-anchor="end">0</text>'
        f'<text x="{_LEFT - 8}" y="{bottom}" text-anchor="end">{low}</text>'
        f'<text x="{_LEFT}" y="{bottom + 20}">{count(path[0][0])}</text>'
        f'<text x="{_LEFT + _WIDTH}" y="{bottom + 20}" text-anchor="end">{plural(path[-1][0], "example")}</text></svg>'
    )


def _tick(value: float, scale: Scale) -> str:
    return f"{100 * value:+.3g}" if scale.percent else f"{value:+.3g}"


def _x(n: int, path: list[PathPoint]) -> float:
    first, last = math.log(path[0][0]), math.log(path[-1][0])
    return round(_LEFT + _WIDTH * (math.log(n) - first) / max(last - first, 1e-9), 1)


def _y(value: float, reach: float) -> float:
    return round(_TOP + _HEIGHT * (1 - (value / reach + 1) / 2), 1)


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)
