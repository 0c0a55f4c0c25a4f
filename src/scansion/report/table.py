"""The table that ends a run in a terminal: figures per variant, then verdicts, gates and remarks as sentences.

Laid out for 80 columns and for black and white. Written without rich, whose import alone would take a third of the time
that a run of ten samples may take.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from scansion.experiments.results import RunResult, ScorerResult, VariantResult
from scansion.report import sentences, until
from scansion.report.figures import NONE, Scale, count, scale_of, seconds, usd
from scansion.report.names import shown
from scansion.report.text import cells, hanging, one_line, pad, wrap

__all__ = ["Column", "columns_of", "grid", "other_scorers", "render", "variants_of"]

_GAP = "  "
_LEAST = 12  # cells that the first column keeps, whatever the width
_NAMES = 24  # cells that names of variants get before the columns are parted into two tables


class Column(Struct, frozen=True):
    """A column of a table: its title and its cells from top to bottom; figures stand at the right."""

    title: str
    values: list[str]
    right: bool = True

    @property
    def width(self) -> int:
        return max(map(cells, [self.title, *self.values]))


def grid(columns: Sequence[Column], width: int) -> list[str]:
    """The lines of a table; the first column takes what the others leave of `width` and wraps in it."""
    first, rest = columns[0], columns[1:]
    others = _taken(rest)
    room = min(first.width, max(_LEAST, width - others))
    names = [wrap(value, room) for value in first.values]

    def line(name: str, values: Sequence[str]) -> str:
        padded = [pad(value, c.width, c.right) for value, c in zip(values, rest, strict=True)]
        return _GAP.join([pad(name, room), *padded]).rstrip()

    rows = [line(first.title, [c.title for c in rest]), "-" * min(width, room + others)]
    for index, name in enumerate(names):
        rows.append(line(name[0], [c.values[index] for c in rest]))
        rows.extend("  " + more for more in name[1:])
    return rows


def _quality(variants: list[VariantResult], scale: Scale) -> list[Column]:
    columns = []
    if any(v.mean is not None for v in variants):
        columns.append(Column("mean", [scale.mean(v.mean) for v in variants]))
        columns.append(Column("interval", [scale.span(v.interval) for v in variants]))
    if any(v.bounds and (v.unscored or v.errors or v.unreached) for v in variants):
        columns.append(Column("bounds", [scale.span(v.bounds) for v in variants]))
    if any(v.coverage for v in variants):
        columns.append(Column("coverage", [sentences.covered(v) for v in variants]))
    columns.append(Column("scored", [count(v.scored) for v in variants]))
    for title in ("wrong", "unscored", "errors", "unreached"):
        values = [getattr(v, title) for v in variants]
        if any(values):
            columns.append(Column(title, [count(n) for n in values]))
    return columns


def _cost(variants: list[VariantResult]) -> list[Column]:
    columns = [Column("calls", [count(v.calls) for v in variants])] if any(v.calls for v in variants) else []
    reused = [v for v in variants if v.recorded_calls]
    if reused:
        title = "recorded" if all(sentences.is_replay(v.model) for v in reused) else "in lab"
        columns.append(Column(title, [count(v.recorded_calls) for v in variants]))
    if any(v.cost_usd is not None for v in variants):
        columns.append(Column("cost USD", [usd(v.cost_usd) for v in variants]))
    if any(v.usd_per_month is not None for v in variants):
        columns.append(Column("USD/month", [usd(v.usd_per_month) for v in variants]))
    if any(v.latency_p50 for v in variants):
        pairs = [(v.latency_p50, v.latency_p95) for v in variants]
        columns.append(Column("p50/p95", [NONE if p is None else f"{seconds(p)}/{seconds(q)}" for p, q in pairs]))
    return columns


def variants_of(result: RunResult) -> Column:
    """The first column: the variants' names."""
    return Column("variant", [one_line(v.name) for v in result.variants], right=False)


def columns_of(result: RunResult) -> tuple[list[Column], list[Column]]:
    """The columns of quality and those of cost, the names of the variants apart."""
    looked = until.looked_at(result)
    first = [Column("looked at", looked)] if looked else []
    return [*first, *_quality(result.variants, scale_of(result))], _cost(result.variants)


def _main(result: RunResult, width: int) -> list[str]:
    names = variants_of(result)
    quality, cost = columns_of(result)
    if min(names.width, _NAMES) + _taken([*quality, *cost]) <= width:
        return grid([names, *quality, *cost], width)
    tables = [grid([names, *part], width) for part in (*_parts(names, quality, width), *_parts(names, cost, width))]
    return [line for table in tables for line in ("", *table)][1:]


def _taken(columns: Sequence[Column]) -> int:
    return sum(c.width + len(_GAP) for c in columns)


def _parts(names: Column, columns: list[Column], width: int) -> list[list[Column]]:
    """Columns in as many tables as it takes for each to fit beside the names."""
    parts: list[list[Column]] = [[]]
    for column in columns:
        if parts[-1] and min(names.width, _LEAST) + _taken([*parts[-1], column]) > width:
            parts.append([])
        parts[-1].append(column)
    return [part for part in parts if part]


def other_scorers(result: RunResult) -> list[Column]:
    """The columns of the table of all scorers but the primary one; none where there is no other."""
    rows = [
        (scorer, v.name, found)
        for scorer in result.scorers[1:]
        for v in result.variants
        for found in [v.scores.get(scorer)]
        if found is not None
    ]
    return _scorer_columns(rows) if rows else []


def _scorer_columns(rows: list[tuple[str, str, ScorerResult]]) -> list[Column]:
    scale = Scale(all(r.mean is None or 0 <= r.mean <= 1 for _, _, r in rows))
    columns = [
        Column("other scorers", [one_line(f"{scorer}: {name}") for scorer, name, _ in rows], right=False),
        Column("mean", [scale.mean(r.mean) for _, _, r in rows]),
        Column("interval", [scale.span(r.interval) for _, _, r in rows]),
        Column("scored", [count(r.scored) for _, _, r in rows]),
    ]
    lacking = (("unscored", [r.unscored for _, _, r in rows]), ("errors", [r.errors for _, _, r in rows]))
    return [*columns, *(Column(title, [count(n) for n in found]) for title, found in lacking if any(found))]


def _said(lines: Sequence[str], width: int) -> list[str]:
    """Sentences, wrapped with a hanging indent."""
    said = [line for text in lines for line in hanging(text, width)]
    return ["", *said] if said else []


def render(result: RunResult, width: int = 80) -> str:
    """The whole table of a run as text for a terminal of `width` cells, ended by a newline."""
    from scansion.report.checklists import checklist_tables
    from scansion.report.repeats import repeats_said, repeats_tables

    result = shown(result)
    lines = [part for text in sentences.head(result) for part in wrap(text, width)]
    if result.variants:
        lines += ["", *_main(result, width)]
    if others := other_scorers(result):
        lines += ["", *grid(others, width)]
    for heading, columns in [*repeats_tables(result), *checklist_tables(result)]:
        lines += ["", *wrap(heading, width), *grid(columns, width)]
    for said in (repeats_said(result), sentences.verdicts(result)):
        lines += _said(said, width)
    path = until.path_lines(result, width)
    lines += ["", *path] if path else []
    for said in (sentences.gates(result), sentences.remarks(result)):
        lines += _said(said, width)
    return "\n".join(lines) + "\n"
