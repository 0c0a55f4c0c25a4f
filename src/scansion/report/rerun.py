"""What a repeated experiment says: means then and now, and which verdicts changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scansion.experiments.evidence.rerun import Rerun, VerdictChange
from scansion.experiments.results import Comparison
from scansion.report import sentences
from scansion.report.figures import NONE, Scale, plural
from scansion.report.table import Column, grid
from scansion.report.text import hanging, one_line, wrap

__all__ = ["render"]


def render(found: Sequence[Rerun], width: int = 80) -> str:
    """The repeated experiments as text for a terminal of `width` cells, ended by a newline."""
    lines = [line for each in found for line in [*_one(each, width), ""]]
    changed = [v for each in found for v in each.verdicts if v.changed]
    total = sum(len(each.verdicts) for each in found)
    said = f"{len(changed)} of {plural(total, 'verdict')} changed" if total else "there was no verdict to change"
    return "\n".join([*lines, said]) + "\n"


def _one(found: Rerun, width: int) -> list[str]:
    scale = Scale(all(m is None or 0 <= m <= 1 for pair in found.means.values() for m in pair))
    head = f"{found.old_run} ({one_line(found.name)}) again as {found.new_run}, with {one_line(found.model)}"
    names, against = list(found.means), {_plain(c.b): c for c in found.models}
    columns = [
        Column("variant", [one_line(name) for name in names], right=False),
        Column("then", [scale.mean(found.means[name][0]) for name in names]),
        Column("now", [scale.mean(found.means[name][1]) for name in names]),
    ]
    if found.models:
        columns.append(Column("the new model is", [_verdict(against.get(name), scale) for name in names], right=False))
    lines = [*wrap(head, width), *sentences.looks(found.looks), *grid(columns, width)]
    for each in found.verdicts:
        what = _change(each, scale, by_model=len(found.old_models) > 1)
        lines += hanging(what, width)
    if number := found.between_models:
        said = f"{plural(number, 'comparison')} between models {'is' if number == 1 else 'are'} left out"
        lines += wrap(f"{said}: all is on one model now", width)
    for text in _after(found):
        lines += wrap(text, width)
    return lines


def _after(found: Rerun) -> Iterator[str]:
    """Whether the gates held, and what the new run lacks."""
    yield from map(sentences.gate_text, found.gates)
    for text in found.gates_left:
        yield f"gate left out: {one_line(text)} is about variants that one model does not have"
    if found.missing:
        yield f"{found.new_run} lacks {plural(found.missing, 'outcome')}: errors, or not reached"


def _plain(name: str) -> str:
    """A variant's name without the run that `compare_runs` puts behind it where two runs share it."""
    return name.rpartition(" (")[0] if name.endswith(")") else name


def _verdict(found: Comparison | None, scale: Scale) -> str:
    return NONE if found is None else f"{found.verdict}: {_difference(found, scale)}"


def _difference(found: Comparison, scale: Scale) -> str:
    return NONE if found.difference is None else f"{scale.difference(found.difference)} {scale.span(found.interval)}"


def _change(each: VerdictChange, scale: Scale, *, by_model: bool) -> str:
    then, now = (f"{c.verdict} ({_difference(c, scale)})" for c in (each.old, each.new))
    what = f"changed from {then} to {now}" if each.changed else f"still {now}, was {_difference(each.old, scale)}"
    model = f", with {one_line(each.model)} then" if by_model else ""
    return f"`{one_line(each.b)}` against `{one_line(each.a)}`{model}: {what}"
